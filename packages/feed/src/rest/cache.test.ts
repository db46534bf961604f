// FEED.md, client: the last known good configuration on disk, and what freshness says of it.
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DocumentText, Problem } from '@proxyless/core/spi'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskCache } from './disk-cache.ts'
import { Rig, serves, servesYaml, service } from './scripted-server.suite.ts'

let rig: Rig
let cache: string
beforeEach(async () => {
  rig = await Rig.make()
  cache = join(await rig.directory(), 'not', 'yet')
})
afterEach(() => rig.close())

const down = (): { status: number } => ({ status: 503 })

async function cached(): Promise<string> {
  const names = await readdir(cache).catch(() => [])
  return names.length === 1 && names[0]?.endsWith('.json') === true ? join(cache, names[0]) : ''
}

async function run(judge?: (texts: readonly DocumentText[]) => Problem[]): Promise<void> {
  const seen = rig.start({ stream: false, cache }, judge)
  await rig.until(() => seen.sets.length === 1)
  await seen.source.close()
}

const refuses =
  (name: string) =>
  (texts: readonly DocumentText[]): Problem[] =>
    texts
      .filter((text) => text.name.endsWith(name))
      .map(({ name: source }) => ({
        code: 'INVALID_VALUE',
        severity: 'error',
        outcome: 'kept',
        resource: `ServiceEntry shop/${name}`,
        path: 'spec.hosts',
        message: 'wrong',
        source,
      }))

test('what was applied is written whole, for this user only, and serves when the feed is away at the next start', async () => {
  rig.server.config = serves('1', [service('a'), service('b')])
  await run()
  const file = await cached()
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(cache)).toHaveLength(1) // no draft is left
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ format: 1, version: '1' })

  rig.server.config = down
  await rig.pass(60_000)
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.problems.length === 1)
  expect(seen.last()).toEqual(['a', 'b'])
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_UNREACHABLE', outcome: 'kept' })
  expect(seen.source.freshness?.()).toEqual({ state: 'cached', ageMs: 60_000 })
})

test('once the feed is back, the cached version may turn out to be the one in force', async () => {
  rig.server.config = serves('1', [service('a')])
  await run()
  rig.server.config = down
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.sets.length === 1)
  rig.server.config = serves('1', [service('a')])
  await rig.pass(500)
  await rig.until(() => seen.sets.length === 2)
  expect(rig.server.askedOf('/v1/config').at(-1)?.headers['if-none-match']).toBe('"1"')
  expect(seen.sets[1]).toBe(seen.sets[0])
  expect(seen.source.freshness?.()).toEqual({ state: 'live', ageMs: 0 })
})

test('a feed that is there is believed, not the cache', async () => {
  rig.server.config = serves('1', [service('a')])
  await run()
  rig.server.config = serves('2', [service('b')])
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.sets.length === 1)
  expect(seen.last()).toEqual(['b'])
  expect(seen.problems).toEqual([])
})

test('a feed that is empty at the next start is not believed', async () => {
  rig.server.config = serves('1', [service('a')])
  await run()
  rig.server.config = serves('2', [])
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.problems.length === 1)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_EMPTY', outcome: 'kept' })
  expect(seen.last()).toEqual(['a'])
})

test('a stream begins where the cache ends', async () => {
  rig.server.config = serves('v7', [service('a')])
  await run()
  rig.server.config = down
  rig.server.stream = undefined
  const seen = rig.start({ cache })
  await rig.until(() => rig.server.streams.length === 1)
  expect(rig.server.askedOf('/v1/stream')[0]?.headers['last-event-id']).toBe('v7')
  await rig.settle()
  rig.server.send(
    ['intent', { mode: 'changes' }],
    ['put', { document: service('b') }],
    ['commit', { version: 'v8' }, 'v8'],
  )
  await rig.until(() => seen.sets.length === 2)
  expect(seen.last()).toEqual(['a', 'b'])
  expect(seen.source.freshness?.().state).toBe('live')
})

test('a document that was refused is cached as it was before', async () => {
  rig.server.config = serves('1', [service('a', 'good'), service('b')])
  await run()
  rig.server.config = serves('2', [service('a', 'bad'), service('b', 'B')])
  await run(refuses('a'))
  rig.server.config = down
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.sets.length === 1)
  expect(seen.last()).toEqual(['good', 'B'])
})

test('a YAML text with a document that was refused does not replace the last one that was all good', async () => {
  rig.server.config = servesYaml('"1"', 'all: good')
  await run()
  rig.server.config = servesYaml('"2"', 'not: good')
  await run(refuses('config'))
  rig.server.config = down
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.sets.length === 1)
  expect(seen.last()).toEqual(['all: good'])
})

test('a cache that is broken is told, and the feed is asked all the same', async () => {
  rig.server.config = serves('1', [service('a')])
  await run()
  await writeFile(await cached(), '{"format": 1, "te')
  const seen = rig.start({ stream: false, cache })
  await rig.until(() => seen.sets.length === 1)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_CACHE', severity: 'warning', outcome: 'applied' })
  expect(seen.problems[0]?.message).toContain(await cached())
})

test('a cache that cannot be written is told, and the feed serves', async () => {
  rig.server.config = serves('1', [service('a')])
  const file = join(await rig.directory(), 'file')
  await writeFile(file, '')
  const seen = rig.start({ stream: false, cache: file })
  await rig.until(() => seen.problems.length > 0)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_CACHE', severity: 'warning' })
  await rig.until(() => seen.sets.length === 1)
})

test('a cache that cannot be written stays told beside what is new, and nothing that is old is handed over for it', async () => {
  const file = join(await rig.directory(), 'file')
  await writeFile(file, '')
  rig.server.config = serves('1', [service('a')])
  const seen = rig.start({ stream: false, cache: file })
  await rig.until(() => seen.problems.at(-1)?.message.includes('written to') === true)
  const told = seen.problems.length
  for (let round = 2; round < 6; round++) {
    await rig.settle()
    await rig.pass(15_000)
    await rig.until(() => rig.server.askedOf('/v1/config').length === round)
  }
  await rig.settle()
  expect(seen.sets).toHaveLength(1)
  rig.server.config = serves('2', [service('b')])
  await rig.pass(15_000)
  await rig.until(() => seen.sets.length === 2)
  expect(seen.problems).toHaveLength(told + 1)
  expect(seen.problems.at(-1)).toEqual(seen.problems.at(-2))
  await rm(file)
  rig.server.config = serves('3', [service('c')])
  await rig.settle()
  await rig.pass(15_000)
  // once for the news, once to end the bad one
  await rig.until(() => seen.sets.length === 4)
  expect(seen.sets[3]).toBe(seen.sets[2])
})

test('several that keep the same feed in the same place do not write into one another’s draft', async () => {
  const texts = [{ name: 'a', text: 'x'.repeat(100_000) }]
  const holding = { version: '1', etag: undefined, texts, documents: undefined, allowEmpty: false }
  const caches = Array.from({ length: 8 }, () => new DiskCache(cache, 'f', 'key'))
  for (let round = 0; round < 5; round++) {
    await Promise.all(caches.map((each, index) => each.write({ holding, writtenAtMs: index })))
  }
  expect(await caches[0]?.read()).toMatchObject({ holding: { version: '1', texts } })
  expect(await readdir(cache)).toEqual(['feed-key.json'])
})

test('it serves too while a function gives no headers to ask with', async () => {
  rig.server.config = serves('1', [service('a')])
  await run()
  const seen = rig.start({ stream: false, cache, headers: () => new Promise(() => undefined) })
  await rig.until(() => rig.clock.pendingTimers > 0)
  await rig.pass(10_000)
  expect(seen.last()).toEqual(['a'])
  expect(seen.source.freshness?.().state).toBe('cached')
})

test('without a cache a feed that is away at the start is void, and as old as the asking', async () => {
  await rig.pass(100_000)
  rig.server.config = down
  const seen = rig.start({ stream: false })
  await rig.until(() => seen.problems.length === 1)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_UNREACHABLE', outcome: 'void' })
  expect(seen.sets).toEqual([])
  await rig.pass(400)
  expect(seen.source.freshness?.()).toEqual({ state: 'stale', ageMs: 400 })
})

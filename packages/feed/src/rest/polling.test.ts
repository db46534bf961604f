// FEED.md, client: polling, back-off, and what is refused while everything else keeps serving.
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backoff, pollDelay, retryAfter } from './delays.ts'
import { Rig, serves, servesYaml, service, steady } from './scripted-server.suite.ts'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.make()
})
afterEach(() => rig.close())

const polls = (): number => rig.server.askedOf('/v1/config').length

describe('what is asked', () => {
  test('the address below the base, who is calling, JSON before YAML, compressed', async () => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ url: `${rig.server.url}/mesh/`, stream: false })
    await rig.until(() => seen.sets.length === 1)
    const [asked] = rig.server.asked
    expect(asked?.path).toBe('/mesh/v1/config')
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({
      namespace: 'shop',
      labels: 'app=shop,version=v1',
      node: 'shop-1',
    })
    expect(asked?.headers.accept).toBe('application/json, application/yaml;q=0.9, */*;q=0.1')
    expect(asked?.headers['accept-encoding']).toBe('gzip, br')
    expect(asked?.headers['if-none-match']).toBeUndefined()
    expect(seen.sets[0]?.map(({ name }) => name)).toEqual([`${rig.server.url}/mesh/v1/config#ServiceEntry/shop/a`])
  })

  test('a document is fetched as it is, and has neither stream nor reports', async () => {
    rig.server.config = servesYaml('"1"', 'kind: ServiceEntry')
    const seen = rig.start({ url: `${rig.server.url}/mesh/all.yaml?env=prod` })
    await rig.until(() => seen.sets.length === 1)
    await rig.pass(60_000)
    expect(new Set(rig.server.asked.map(({ path }) => path))).toEqual(new Set(['/mesh/all.yaml']))
    expect(rig.server.asked[0]?.query.get('env')).toBe('prod')
    expect(seen.sets[0]).toEqual([{ name: `${rig.server.url}/mesh/all.yaml`, text: 'kind: ServiceEntry' }])
  })

  test('headers are asked for each time, credentials of the address become a header and are shown nowhere', async () => {
    rig.server.config = () => ({ status: 500 })
    let round = 0
    const url = rig.server.url.replace('//', '//me:s%40cret@')
    const seen = rig.start({ url, stream: false, headers: () => ({ 'x-round': String(++round) }) })
    await rig.until(() => seen.problems.length === 1)
    await rig.pass(1000)
    await rig.until(() => polls() === 2)
    expect(rig.server.asked.map(({ headers }) => headers['x-round'])).toEqual(['1', '2'])
    expect(rig.server.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s@cret').toString('base64')}`)
    expect(JSON.stringify(seen.problems)).not.toContain('cret')
  })

  test('a function that gives no headers is a failure after 10 s, and asked again', async () => {
    rig.server.config = serves('1', [service('a')])
    let given: (headers: object) => void = () => undefined
    const headers = (): Promise<Record<string, string>> => new Promise((resolve) => (given = resolve as typeof given))
    const seen = rig.start({ stream: false, report: false, headers })
    await rig.until(() => rig.clock.pendingTimers > 0)
    await rig.pass(9999)
    expect(seen.problems).toEqual([])
    await rig.pass(1)
    expect(seen.problems).toMatchObject([
      { code: 'FEED_UNREACHABLE', message: 'the function `headers` has given nothing within 10 s' },
    ])
    await rig.pass(500)
    given({ 'x-late': 'but there' })
    await rig.until(() => seen.sets.length === 1)
    expect(rig.server.asked[0]?.headers['x-late']).toBe('but there')
    await rig.settle()
    await rig.pass(15_000)
    await seen.source.close()
    await rig.settle()
    expect(rig.clock.pendingTimers).toBe(0)
  })

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('an answer in %s is read', async (coding, compress) => {
    const body = compress(JSON.stringify({ version: '1', documents: [service('a')] }))
    rig.server.config = () => ({ headers: { 'content-encoding': coding, 'content-type': 'application/json' }, body })
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    expect(seen.last()).toEqual(['a'])
  })
})

describe('when it is asked', () => {
  test.each([
    [0, 7500],
    [0.5, 15_000],
    [0.999999, 22_500],
  ])('every 15 s, jittered 0.5 to 1.5 times: a draw of %d waits %d ms', async (share, expected) => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false }, undefined, share)
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    await rig.pass(expected - 1)
    expect(polls()).toBe(1)
    await rig.pass(1)
    await rig.until(() => polls() === 2)
    expect(rig.server.askedOf('/v1/config')[1]?.headers['if-none-match']).toBe('"1"')
    expect(pollDelay(steady(share), 15_000)).toBeCloseTo(expected, 0)
  })

  test('304 hands nothing over, a new version does, and texts that are the same keep their identity', async () => {
    rig.server.config = serves('1', [service('a'), service('b')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    await rig.pass(15_000)
    await rig.until(() => polls() === 2)
    await rig.settle()
    expect(seen.sets).toHaveLength(1)
    rig.server.config = serves('2', [service('a'), service('b', 'B')])
    await rig.pass(15_000)
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['a', 'B'])
    expect(seen.sets[1]?.[0]).toBe(seen.sets[0]?.[0])
  })

  test('one request is outstanding, however long it takes', async () => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false, pollMs: 1000 })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = () => undefined
    await rig.pass(39_000)
    expect(polls()).toBe(2)
    expect(seen.problems).toEqual([])
    await rig.pass(3000)
    expect(seen.problems[0]).toMatchObject({
      code: 'FEED_UNREACHABLE',
      outcome: 'kept',
      message: 'no answer within 40 s',
    })
  })

  test('failures back off from 1 s to 60 s with full jitter', async () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((failures) => backoff(steady(0.999999), failures))
    expect(delays.map(Math.round)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(backoff(steady(0), 9)).toBe(0)
    rig.server.config = () => ({ status: 503 })
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.problems.length === 1)
    for (let round = 2; round <= 9; round++) {
      await rig.pass(rig.clock.nextTimerAt! - rig.clock.now())
      await rig.until(() => polls() === round)
      await rig.settle()
    }
    const times = rig.server.asked.map(({ at }) => at)
    expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ])
    // told once, as long as it is the same
    expect(seen.problems).toHaveLength(1)
  })

  test('success ends the back-off and the bad news', async () => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = () => ({ status: 502 })
    await rig.pass(15_000)
    await rig.until(() => seen.problems.length === 1)
    expect(seen.source.freshness?.()).toEqual({ state: 'stale', ageMs: 15_000 })
    rig.server.config = serves('1', [service('a')])
    await rig.pass(500)
    await rig.until(() => seen.sets.length === 2)
    expect(seen.sets[1]).toBe(seen.sets[0])
    expect(seen.source.freshness?.()).toEqual({ state: 'live', ageMs: 0 })
  })

  test.each([
    ['120', 120_000],
    [new Date(Date.UTC(2026, 0, 1) + 90_000).toUTCString(), 90_000],
  ])('Retry-After: %s wins over the back-off', async (value, expected) => {
    rig.server.config = () => ({ status: 503, headers: { 'retry-after': value } })
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.problems.length === 1)
    await rig.pass(expected - 1)
    expect(polls()).toBe(1)
    await rig.pass(1)
    await rig.until(() => polls() === 2)
  })

  test('a Retry-After that says nothing is none, one of zero is a second, and one of years a day', () => {
    expect(retryAfter('soon', 0)).toBeUndefined()
    expect(retryAfter(undefined, 0)).toBeUndefined()
    expect(retryAfter('0', 0)).toBe(1000)
    expect(retryAfter('99999999', 0)).toBe(86_400_000)
  })

  test.each([401, 403])('%d slows down to once a minute and is told as unauthorised', async (status) => {
    rig.server.config = () => ({ status })
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_UNAUTHORISED', severity: 'error', outcome: 'void' })
    expect(seen.problems[0]?.message).toContain(String(status))
    await rig.pass(59_999)
    expect(polls()).toBe(1)
    await rig.pass(1)
    await rig.until(() => polls() === 2)
  })

  test('a long poll that the server honours is followed by the next one after a second', async () => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = () => ({ status: 304, headers: { 'preference-applied': 'wait=30' } })
    await rig.pass(15_000)
    await rig.until(() => polls() === 2)
    await rig.settle()
    expect(rig.server.askedOf('/v1/config')[1]?.headers.prefer).toBe('wait=30')
    await rig.pass(1000)
    await rig.until(() => polls() === 3)
  })
})

describe('whatever fails, the last good configuration stays', () => {
  test.each([
    ['a status', () => ({ status: 404 }), /answers 404/],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<p>' }), /is a page/],
    ['broken JSON', () => ({ headers: { 'content-type': 'application/json' }, body: '{"documents": [' }), /not JSON/],
    ['an unknown coding', () => ({ headers: { 'content-encoding': 'zstd' }, body: 'x' }), /encoded as "zstd"/],
    [
      'a broken coding',
      () => ({ headers: { 'content-encoding': 'gzip' }, body: 'not compressed at all' }),
      /incorrect header check/,
    ],
  ])('%s is told and takes nothing away', async (_what, script, message) => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = script
    await rig.pass(15_000)
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({
      outcome: 'kept',
      severity: 'error',
      source: `${rig.server.url}/v1/config`,
    })
    expect(seen.problems[0]?.message).toMatch(message)
    expect(seen.sets).toHaveLength(1)
  })

  test.each([
    ['JSON', serves('2', [])],
    ['YAML', servesYaml('"2"', '# nothing\n---\n\n')],
  ])('an empty configuration in %s after one that was not is refused', async (_form, empty) => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = empty
    await rig.pass(15_000)
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_EMPTY', outcome: 'kept' })
    expect(seen.sets).toHaveLength(1)
  })

  test('it is taken when the feed says allowEmpty', async () => {
    rig.server.config = serves('1', [service('a')])
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
    await rig.settle()
    rig.server.config = serves('2', [], { allowEmpty: true })
    await rig.pass(15_000)
    await rig.until(() => seen.sets.length === 2)
    expect(seen.sets[1]).toEqual([])
  })

  test('it is taken when the option says allowEmpty, and at the start', async () => {
    rig.server.config = serves('0', [])
    const seen = rig.start({ stream: false, allowEmpty: true })
    const strict = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1 && strict.sets.length === 1)
    await rig.settle()
    rig.server.config = serves('1', [service('a')])
    await rig.pass(15_000)
    await rig.until(() => seen.sets.length === 2)
    await rig.settle()
    rig.server.config = serves('2', [])
    await rig.pass(15_000)
    await rig.until(() => seen.sets.length === 3)
    expect(seen.sets[2]).toEqual([])
  })
})

test('a connection that the server closed while it was idle is no failure of the feed', async () => {
  rig.server.config = serves('1', [service('a')])
  const seen = rig.start({ stream: false, report: false })
  await rig.until(() => seen.sets.length === 1)
  await rig.settle()
  rig.server.config = () => (polls() === 2 ? { drop: true } : serves('2', [service('b')])(rig.server.asked[0]!))
  await rig.pass(15_000)
  await rig.until(() => seen.sets.length === 2)
  expect(polls()).toBe(3)
  rig.server.config = () => ({ drop: true })
  await rig.pass(15_000)
  await rig.until(() => seen.problems.length === 1)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_UNREACHABLE', outcome: 'kept' })
  expect(polls()).toBe(5)
})

test('closing ends requests and timers', async () => {
  rig.server.config = serves('1', [service('a')])
  const seen = rig.start({ stream: false })
  await rig.until(() => seen.sets.length === 1)
  rig.server.config = () => undefined
  await rig.pass(15_000)
  await rig.until(() => polls() === 2)
  await seen.source.close()
  await rig.settle()
  expect(rig.clock.pendingTimers).toBe(0)
  expect(seen.problems).toEqual([])
})

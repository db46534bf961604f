// FEED.md, client: bodies and documents that are too much, and redirects that would give credentials away.
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decoded } from './decoded.ts'
import { Rig, ScriptedServer, type Script, serves, service } from './scripted-server.suite.ts'

let rig: Rig
let other: ScriptedServer
beforeEach(async () => {
  rig = await Rig.make()
  other = new ScriptedServer(rig.clock)
  await other.listen()
})
afterEach(async () => {
  await rig.close()
  await other.close()
})

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const document = (spec: string): string =>
  `{"documents": [{"kind": "ServiceEntry", "metadata": {"name": "d"}, "spec": ${spec}}]}`
const json =
  (body: string | Buffer, headers = {}): Script =>
  () => ({
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })

async function refusedAfterGood(script: Script): Promise<string> {
  rig.server.config = serves('1', [service('a')])
  const seen = rig.start({ stream: false })
  await rig.until(() => seen.sets.length === 1)
  await rig.settle()
  rig.server.config = script
  await rig.pass(15_000)
  await rig.until(() => seen.problems.length === 1)
  expect(seen.problems[0]).toMatchObject({ code: 'FEED_REFUSED', severity: 'error', outcome: 'kept' })
  expect(seen.sets).toHaveLength(1)
  return seen.problems[0]?.message ?? ''
}

describe('bodies', () => {
  const tooLarge = `# ${'x'.repeat(64 * 1024 * 1024)}`

  test('larger than 64 MiB are refused', async () => {
    expect(await refusedAfterGood(() => ({ body: tooLarge }))).toBe('the answer is larger than 64 MiB')
  })

  test('are measured as they are after decompression', async () => {
    const script: Script = () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(tooLarge) })
    expect(await refusedAfterGood(script)).toBe('the answer is larger than 64 MiB')
  })

  test('a document nested 64 deep is read, one deeper is refused', async () => {
    expect(await refusedAfterGood(json(document(nested(64))))).toBe('the answer is nested deeper than 64')
    const script = json(document(nested(63)))
    rig.server.config = script
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
  })

  test('in an unknown coding are not left unread', () => {
    const body = new PassThrough()
    expect(() => decoded(body, 'ZSTD')).toThrow('the answer is encoded as "zstd"')
    expect(body.destroyed).toBe(true)
  })

  test('brackets in strings are no nesting', async () => {
    rig.server.config = json(document(JSON.stringify(`"${'['.repeat(100)}`)))
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.sets.length === 1)
  })

  test('a stream without commit is refused beyond 64 MiB, and a document in it that is too deep', async () => {
    rig.server.config = serves('1', [service('a')])
    rig.server.stream = undefined
    const seen = rig.start()
    await rig.until(() => rig.server.streams.length === 1)
    rig.server.send(['intent', { mode: 'full' }], ['put', { document: service('deep', JSON.parse(nested(64))) }])
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({
      code: 'FEED_REFUSED',
      message: 'the event "put" of the stream is nested deeper than 64',
    })
    await rig.pass(1000)
    await rig.until(() => rig.server.streams.length === 2)
    rig.server.send(['intent', { mode: 'full' }])
    const big = service('big', 'x'.repeat(1024 * 1024))
    for (let count = 0; count < 66; count++) rig.server.send(['put', { document: big }])
    await rig.until(() => seen.problems.length === 2)
    expect(seen.problems[1]).toMatchObject({
      code: 'FEED_REFUSED',
      message: 'the stream sent more than 64 MiB without a commit',
    })
    expect(seen.sets).toHaveLength(1)
  })
})

describe('redirects', () => {
  const to =
    (location: string, status = 302): Script =>
    () => ({ status, headers: { location } })

  test.each([
    ['headers', { headers: { 'x-api-key': 'secret' } }],
    ['a client certificate', { tls: { cert: '' } }],
  ])('to another origin with credentials (%s) are refused, and nothing reaches it', async (_what, options) => {
    rig.server.config = to(`${other.url}/v1/config`)
    other.config = serves('1', [service('theirs')])
    const seen = rig.start({ stream: false, ...options })
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_REFUSED', outcome: 'void' })
    expect(seen.problems[0]?.message).toContain(`a redirect to another origin, ${other.url}, with credentials`)
    expect(other.asked).toEqual([])
  })

  test('to another origin without credentials, and within the same one with them, are followed', async () => {
    rig.server.config = to(`${other.url}/x`)
    other.config = serves('1', [service('theirs')])
    const seen = rig.start({ stream: false, report: false })
    await rig.until(() => seen.sets.length === 1)
    rig.server.config = ({ path, headers }) =>
      path === '/moved' && headers.authorization === 'Bearer x'
        ? { body: 'kind: X' }
        : { status: 307, headers: { location: '/moved' } }
    const own = rig.start({ stream: false, headers: { authorization: 'Bearer x' } })
    await rig.until(() => own.sets.length === 1)
  })

  test('in a circle end after five', async () => {
    rig.server.config = to('/v1/config')
    const seen = rig.start({ stream: false })
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]?.message).toBe('more than 5 redirects')
    expect(rig.server.asked).toHaveLength(6)
  })
})

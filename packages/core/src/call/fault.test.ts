// Delays and aborts before anything else happens, SEMANTICS 10.
import { afterEach, expect, test } from 'vitest'
import { chance, SeededRandom } from '../base/random.ts'
import type { FaultPolicy } from '../model/policy.ts'
import { viewOf } from '../route/request.suite.ts'
import { drawAbort, drawDelay } from './fault.ts'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import { expectNothingLeft, retries, simple, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const always = { numerator: 1_000_000 }
const never = { numerator: 0 }
const abort = (more: Omit<NonNullable<FaultPolicy['abort']>, 'percent'>, percent = always): FaultPolicy => ({
  abort: { ...more, percent },
})
const delay = (delayMs: number): FaultPolicy => ({ delay: { delayMs, percent: always } })
const view = viewOf('http://a/')
const grpc = { 'content-type': 'application/grpc' }

test('C078 chances are counted in millionths', () => {
  const random = new SeededRandom(1)
  let hits = 0
  for (let i = 0; i < 200_000; i++) if (chance({ numerator: 1_000 }, random)) hits++
  expect(hits).toBeGreaterThan(120)
  expect(hits).toBeLessThan(280)
})

test('certain things need no draw', () => {
  const random = new SeededRandom(1)
  const next = random.fork().uint32()
  expect([chance(always, random), chance(never, random), random.uint32()]).toEqual([true, false, next])
})

test('C134 without a percentage nothing is aborted, and an abort without a status is none', () => {
  const random = new SeededRandom(1)
  expect(drawAbort(abort({ httpStatus: 500 }, never), view, random)).toBeUndefined()
  expect(drawAbort(abort({}), view, random)).toBeUndefined()
  expect(drawAbort({}, view, random)).toBeUndefined()
  expect(drawDelay({}, view, random)).toBe(0)
})

test('an abort is answered at once: its status, the text, flag FI, no attempt', async () => {
  const world = await simple({ fault: abort({ httpStatus: 555 }), ...retries({ retryOn: ['5xx'] }) })
  const it = world.call('http://a/')
  expect(it.replied).toMatchObject({ status: 555, body: 'fault filter abort', details: 'fault_filter_abort' })
  expect(world.record).toMatchObject({
    status: 555,
    flags: 'FI',
    attempts: 0,
    endpoint: '',
    cluster: 'c',
    service: { host: 'c' },
  })
  expect(it.sent).toEqual([])
})

test("the route's response operations apply to an abort, and read the request's headers", async () => {
  const responseHeaders = { remove: [], set: [{ name: 'x-d', value: '%REQ(x-who)%' }], add: [] }
  const world = await simple({ fault: abort({ httpStatus: 503 }), responseHeaders })
  expect(world.call('http://a/', { headers: { 'x-who': 'me' } }).replyHeader('x-d')).toBe('me')
})

test('C132 aborts of gRPC requests are trailers-only', async () => {
  const http = await simple({ fault: abort({ httpStatus: 555 }) })
  const mapped = http.call('http://a/', { headers: grpc })
  expect([mapped.seen, mapped.replyHeader('grpc-status')]).toEqual([200, '2'])
  expect(mapped.replyHeader('grpc-message')).toBe('fault filter abort')
  const world = await simple({ fault: abort({ grpcStatus: 8 }) })
  const given = world.call('http://a/', { headers: grpc })
  expect([given.seen, given.replyHeader('grpc-status'), world.record.flags]).toEqual([200, '8', 'FI'])
})

test('C132 a gRPC abort of a plain request is a 200 with the text', async () => {
  const world = await simple({ fault: abort({ grpcStatus: 14 }) })
  const it = world.call('http://a/')
  expect([it.seen, it.replied?.body, it.replyHeader('grpc-status')]).toEqual([200, 'fault filter abort', undefined])
})

test('of two statuses the HTTP one wins', async () => {
  const world = await simple({ fault: abort({ httpStatus: 503, grpcStatus: 1 }) })
  expect(world.call('http://a/', { headers: grpc }).replyHeader('grpc-status')).toBe('14')
  expect(world.call('http://a/').seen).toBe(503)
})

test('a delay holds the call back, says DI, and is not counted in the timeout', async () => {
  const world = await simple({ fault: delay(400), timeoutMs: 200 })
  const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 150 }] })
  world.clock.advance(399)
  expect(it.sent).toEqual([])
  world.clock.advance(1)
  expect(it.sent).toHaveLength(1)
  world.clock.advance(150)
  expect(world.record).toMatchObject({ status: 200, flags: 'DI', durationMs: 550 })
})

test('a request that is complete during the delay starts its timeout after it', async () => {
  const world = await simple({ fault: delay(400), timeoutMs: 200 })
  const it = world.call('http://a/', { answers: ['hangs'], body: 'streaming' })
  world.clock.advance(100)
  it.finishBody()
  world.clock.advance(499)
  expect(it.seen).toBeUndefined()
  world.clock.advance(1)
  expect([it.seen, world.record.flags]).toEqual([504, 'DI,UT'])
})

test('an abort follows its delay', async () => {
  const world = await simple({ fault: { ...delay(100), ...abort({ httpStatus: 500 }) } })
  const it = world.call('http://a/')
  world.clock.advance(99)
  expect(it.replied).toBeUndefined()
  world.clock.advance(1)
  expect([it.seen, world.record.flags]).toEqual([500, 'DI,FI'])
})

test('a caller that gives up during the delay ends it at once', async () => {
  const world = await simple({ fault: delay(60_000) })
  const it = world.call('http://a/')
  it.cancel()
  expect(world.clock.foregroundTimers).toBe(0)
  expect(world.record).toMatchObject({ flags: 'DI,DC', status: 0, attempts: 0 })
  world.clock.advance(60_000)
  expect(it.sent).toEqual([])
})

test('delay and abort are drawn independently', async () => {
  const half = { numerator: 500_000 }
  const world = await simple({
    fault: { delay: { delayMs: 10, percent: half }, abort: { httpStatus: 500, percent: half } },
  })
  const seen = new Map<string, number>()
  for (let i = 0; i < 400; i++) {
    world.call('http://a/')
    world.clock.advance(10)
    seen.set(world.record.flags, (seen.get(world.record.flags) ?? 0) + 1)
  }
  for (const flags of ['-', 'DI', 'FI', 'DI,FI']) expect(Math.abs((seen.get(flags) ?? 0) - 100)).toBeLessThan(35)
})

test('one switch turns all faults off', async () => {
  const world = await simple(
    { fault: { ...delay(100), ...abort({ httpStatus: 500 }) } },
    { settings: { faults: false } },
  )
  expect(world.call('http://a/').seen).toBe(200)
  expect(world.record.flags).toBe('-')
})

test('A33 a request may name its delay, for at most the share of the policy', async () => {
  const fault: FaultPolicy = { requested: { delay: { max: always, unit: 10_000 } } }
  const world = await simple({ fault })
  const ask = (headers: Record<string, string>): ReturnType<typeof world.call> => world.call('http://a/', { headers })
  for (const [headers, waits] of [
    [{ 'x-envoy-fault-delay-request': '400' }, true],
    [{ 'x-envoy-fault-delay-request': '400', 'x-envoy-fault-delay-request-percentage': '0' }, false],
    [{ 'x-envoy-fault-delay-request': 'soon' }, false],
    [{}, false],
  ] as const) {
    const it = ask(headers)
    expect(it.sent).toHaveLength(waits ? 0 : 1)
    world.clock.advance(400)
    expect(it.seen).toBe(200)
  }
  const never = drawDelay(
    { requested: { delay: { max: { numerator: 0 }, unit: 10_000 } } },
    viewOf('http://a/', {
      headers: { 'x-envoy-fault-delay-request': '1', 'x-envoy-fault-delay-request-percentage': '100' },
    }),
    new SeededRandom(1),
  )
  expect(never).toBe(0)
})

test.each<[Record<string, string>, FaultPolicy['abort'] | undefined]>([
  [{ 'x-envoy-fault-abort-request': '503' }, { httpStatus: 503, percent: always }],
  [{ 'x-envoy-fault-abort-request': '199' }, undefined],
  [{ 'x-envoy-fault-abort-request': '600' }, undefined],
  [{ 'x-envoy-fault-abort-grpc-request': '14' }, { grpcStatus: 14, percent: always }],
  [
    { 'x-envoy-fault-abort-request': '500', 'x-envoy-fault-abort-grpc-request': '14' },
    { httpStatus: 500, percent: always },
  ],
  [{ 'x-envoy-fault-abort-request': '500', 'x-envoy-fault-abort-request-percentage': '0' }, undefined],
  [{}, undefined],
])('A33 a request that says %o is aborted so', (headers, expected) => {
  const fault: FaultPolicy = { requested: { abort: { max: always, unit: 10_000 } }, ...abort({ httpStatus: 418 }) }
  expect(drawAbort(fault, viewOf('http://a/', { headers }), new SeededRandom(1))).toEqual(expected)
})

test('A33 max_active_faults: a call suffers its fault until it ends, and others are spared meanwhile', async () => {
  const world = await simple({ fault: { ...delay(400), maxActive: 1 } })
  const [first, spared] = [
    world.call('http://a/', { answers: [{ status: 200, afterMs: 100 }] }),
    world.call('http://a/'),
  ]
  expect([first.sent.length, spared.seen]).toEqual([0, 200])
  world.clock.advance(450)
  expect([first.sent.length, first.seen]).toEqual([1, undefined])
  expect(world.call('http://a/').seen).toBe(200)
  world.clock.advance(50)
  expect(first.seen).toBe(200)
  const next = world.call('http://a/')
  expect(next.sent).toHaveLength(0)
  next.cancel()
  expect(world.call('http://a/').sent).toHaveLength(0)
  world.clock.advance(400)
})

test('A33 max_active_faults of 0 spares all; a delay and an abort of one call count once', async () => {
  const none = await simple({ fault: { ...abort({ httpStatus: 503 }), maxActive: 0 } })
  expect(none.call('http://a/').seen).toBe(200)
  const one = await simple({ fault: { ...delay(10), ...abort({ httpStatus: 503 }), maxActive: 1 } })
  const it = one.call('http://a/')
  one.clock.advance(10)
  expect(it.seen).toBe(503)
})

test('a cluster of a split may have a fault of its own, or none', async () => {
  const clusters = [
    { cluster: 'c', weight: 1, fault: abort({ httpStatus: 418 }) },
    { cluster: 'd', weight: 1, fault: 'none' as const },
    { cluster: 'e', weight: 1 },
  ]
  const all = ['c', 'd', 'e'].map((name) => cluster(name, ['10.0.0.1']))
  const to = forward('', { clusters, fault: abort({ httpStatus: 503 }) })
  const world = await worldOf(config([host(['a'], [route(to)])], all))
  const seen = new Set<string>()
  for (let i = 0; i < 100; i++) {
    const explained = world.mesh.explain({ url: 'http://a/' }).outcome
    const { seen: status } = world.call('http://a/')
    seen.add(`${world.record.cluster} ${status}`)
    expect(explained.answer ?? explained.cluster).toBe(status === 200 ? 'd' : `${status} FI`)
  }
  expect([...seen].toSorted()).toEqual(['c 418', 'd 200', 'e 503'])
})

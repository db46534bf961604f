// Which verdicts ask for another attempt, how long it waits, and how attempts follow each other; SEMANTICS 5.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import type { Failure, Verdict } from '../cluster/verdict.ts'
import { cluster, config, endpoint, forward, host, noLimits, retryPolicy, route } from '../model/config.suite.ts'
import type { RetryCondition, RetryPolicy } from '../model/policy.ts'
import type { Answer, FakeExchange } from './fake-exchange.suite.ts'
import { backoffMs, retryReason } from './retry.ts'
import { expectNothingLeft, retries, simple, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const failures: readonly Failure[] = [
  'connectFailure',
  'connectTimeout',
  'localConnectFailure',
  'resetBeforeRequest',
  'connectionTermination',
  'remoteReset',
  'refusedStream',
  'protocolError',
  'perTryTimeout',
  'timeout',
  'overflow',
]
const noResponse = failures.filter((failure) => failure !== 'timeout' && failure !== 'overflow')
const statuses = [200, 302, 400, 404, 409, 429, 499, 500, 501, 502, 503, 504, 599, 600]
const grpc: readonly RetryCondition[] = [
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]

const policyOf = (...retryOn: RetryCondition[]): RetryPolicy => ({
  ...retryPolicy,
  retryOn,
  retriableStatusCodes: [418],
})
const response = (status: number, grpcStatus?: number, rateLimited = false): Verdict => ({
  kind: 'response',
  status,
  grpcStatus,
  rateLimited,
})
const failed = (failure: Failure): Verdict => ({ kind: 'failure', failure, cause: undefined })

describe('the conditions, by themselves', () => {
  test.each<[RetryCondition, statuses: readonly number[], failures: readonly Failure[]]>([
    ['5xx', [500, 501, 502, 503, 504, 599], noResponse],
    ['gateway-error', [502, 503, 504], noResponse],
    ['reset', [], noResponse],
    // as Envoy 1.40 does (test/peers/envoy): nothing was written to a connection that never was
    ['reset-before-request', [], ['connectFailure', 'connectTimeout', 'localConnectFailure', 'resetBeforeRequest']],
    ['connect-failure', [], ['connectFailure', 'connectTimeout', 'localConnectFailure']],
    ['refused-stream', [], ['refusedStream']],
    ['retriable-4xx', [409], []],
    ['retriable-status-codes', [418], []],
    ['envoy-ratelimited', [], []],
    ...grpc.map((condition): [RetryCondition, readonly number[], readonly Failure[]] => [condition, [], []]),
  ])('C086 C087 C090 %s asks for a retry on %j and %j only', (condition, onStatus, onFailure) => {
    const policy = policyOf(condition)
    const asked = [...statuses, 418].filter((status) => retryReason(policy, response(status)) !== undefined)
    expect(asked).toEqual(onStatus)
    expect(failures.filter((failure) => retryReason(policy, failed(failure)) !== undefined)).toEqual(onFailure)
  })

  test.each<[RetryCondition, number]>([
    ['cancelled', 1],
    ['deadline-exceeded', 4],
    ['resource-exhausted', 8],
    ['internal', 13],
    ['unavailable', 14],
  ])('%s asks for a retry on the gRPC status %i in the head, whatever the HTTP status', (condition, status) => {
    const asked = Array.from({ length: 17 }, (_, code) => code).filter(
      (code) => retryReason(policyOf(condition), response(200, code)) === condition,
    )
    expect(asked).toEqual([status])
  })

  test('C088 a rate limited response suppresses every other condition', () => {
    const all = policyOf('5xx', 'gateway-error', 'retriable-4xx', 'retriable-status-codes', 'unavailable')
    for (const status of [409, 418, 503]) expect(retryReason(all, response(status, 14, true))).toBeUndefined()
    expect(retryReason(policyOf('5xx', 'envoy-ratelimited'), response(503, undefined, true))).toBe('envoy-ratelimited')
    expect(retryReason(policyOf('envoy-ratelimited'), response(200, undefined, true))).toBe('envoy-ratelimited')
  })

  test('overflow and the global timeout are never retried', () => {
    const all = policyOf('5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'refused-stream')
    expect([retryReason(all, failed('overflow')), retryReason(all, failed('timeout'))]).toEqual([undefined, undefined])
  })

  test('no condition, no retry', () => {
    for (const status of statuses) expect(retryReason(policyOf(), response(status, 14))).toBeUndefined()
    for (const failure of failures) expect(retryReason(policyOf(), failed(failure))).toBeUndefined()
  })
})

describe('the wait', () => {
  const windows = (base: number, max: number, count: number): number[] => {
    const policy = { ...retryPolicy, backoffBaseMs: base, backoffMaxMs: max }
    return Array.from({ length: count }, (_, i) => {
      const random = new SeededRandom(i)
      return Math.max(...Array.from({ length: 3_000 }, () => backoffMs(policy, i + 1, random))) + 1
    })
  }

  test('C094 base 100: windows of 100, 200, 400, 800, 1000, 1000 ms', () => {
    const found = windows(100, 1_000, 6)
    for (const [i, window] of [100, 200, 400, 800, 1_000, 1_000].entries()) {
      expect(found[i]).toBeLessThanOrEqual(window)
      expect(found[i]).toBeGreaterThan(window * 0.98)
    }
  })

  test('the default: 25, 50, 100, 200, 250, 250 ms', () => {
    expect(windows(25, 250, 6)).toEqual([25, 50, 100, 200, 250, 250])
  })

  test('a base below a millisecond is a millisecond', () => {
    expect(windows(0.1, 10, 4)).toEqual([1, 2, 4, 8])
    expect(windows(0, 10, 2)).toEqual([1, 2])
  })

  test('every wait is a whole number of milliseconds within its window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 20 }), fc.integer(), (base, n, seed) => {
        const wait = backoffMs(
          { ...retryPolicy, backoffBaseMs: base, backoffMaxMs: base * 10 },
          n,
          new SeededRandom(seed),
        )
        expect(Number.isInteger(wait)).toBe(true)
        expect(wait).toBeGreaterThanOrEqual(0)
        expect(wait).toBeLessThan(Math.min(base * 2 ** (n - 1), base * 10))
      }),
    )
  })
})

describe('a call', () => {
  /** Runs one call with these answers to its end. */
  async function run(
    policy: Partial<RetryPolicy>,
    answers: readonly Answer[],
  ): Promise<{ it: FakeExchange; world: World }> {
    const world = await simple(retries(policy))
    const it = world.call('http://a/', { answers })
    world.clock.advance(10_000)
    return { it, world }
  }

  test('C080 succeeds on another host after a refused connection, with attempt count 2 and no flag', async () => {
    const { it, world } = await run({ retryOn: ['connect-failure'] }, ['connectFailure', 200])
    expect(it.seen).toBe(200)
    expect([it.header('x-envoy-attempt-count', 1), it.header('x-envoy-attempt-count', 2)]).toEqual([['1'], ['2']])
    expect(it.sent[1]?.endpoint).not.toBe(it.sent[0]?.endpoint)
    expect(world.record).toMatchObject({ status: 200, attempts: 2, flags: '-', endpoint: it.sent[1]?.endpoint })
  })

  test.each<[string, Partial<RetryPolicy>, readonly Answer[], tries: number, seen: number, flags: string]>([
    ['C081 a 503 under the default conditions', { retryOn: ['connect-failure', 'refused-stream'] }, [503], 1, 503, '-'],
    [
      'C082 closed after the request',
      { retryOn: ['connect-failure', 'refused-stream'] },
      ['connectionTermination'],
      1,
      503,
      'UC',
    ],
    ['C086 gateway-error, 500', { retryOn: ['gateway-error'] }, [500], 1, 500, '-'],
    ['C086 gateway-error, 503', { retryOn: ['gateway-error'] }, [503], 3, 503, 'URX'],
    ['C087 409', { retryOn: ['retriable-4xx'] }, [409, 404], 2, 404, '-'],
    ['C095 a 503, then a 200', { retryOn: ['5xx'] }, [503, 200], 2, 200, '-'],
    ['refused to the end', { retryOn: ['connect-failure'] }, ['connectFailure'], 3, 503, 'URX,UF'],
    ['reset to the end', { retryOn: ['reset'] }, ['remoteReset'], 3, 503, 'URX,UR'],
    ['overflow', { retryOn: ['5xx', 'reset'] }, ['overflow'], 1, 503, 'UO'],
    ['overflow at the second attempt', { retryOn: ['5xx'] }, [503, 'overflow'], 2, 503, 'UO'],
    ['a protocol error', { retryOn: [] }, ['protocolError'], 1, 502, 'UPE'],
    ['a head that is no error after failures', { retryOn: ['5xx'] }, ['remoteReset', 500, 201], 3, 201, '-'],
  ])('%s', async (_, policy, answers, tries, seen, flags) => {
    const { it, world } = await run(policy, answers)
    expect([it.sent.length, it.seen, world.record.flags]).toEqual([tries, seen, flags])
    expect(world.record).toMatchObject({ attempts: tries, status: seen })
  })

  test('C083 without a policy nothing is retried', async () => {
    const world = await simple()
    const it = world.call('http://a/', { answers: ['connectFailure'] })
    expect([it.sent.length, it.seen, world.record.flags]).toEqual([1, 503, 'UF'])
  })

  test('C090 gRPC status 14 in the head is retried, an HTTP 503 without it is not', async () => {
    const retryOn: RetryCondition[] = ['unavailable']
    expect((await run({ retryOn }, [{ status: 200, grpcStatus: 14 }, 200])).it.sent).toHaveLength(2)
    expect((await run({ retryOn }, [503])).it.sent).toHaveLength(1)
  })

  test('C091 what comes after the head was passed on is never retried', async () => {
    const { it, world } = await run({ retryOn: ['5xx', 'reset'] }, [{ status: 200, bodyMs: 10, breaks: 'remoteReset' }])
    expect([it.sent.length, it.seen, it.complete]).toEqual([1, 200, false])
    expect(world.record).toMatchObject({ status: 200, flags: 'UR' })
  })

  test('C092 four tries on three hosts: the first three are distinct', async () => {
    const { it } = await run({ numRetries: 3, retryOn: ['5xx'] }, [503])
    expect(it.sent).toHaveLength(4)
    expect(new Set(it.sent.slice(0, 3).map((sent) => sent.endpoint)).size).toBe(3)
  })

  test.each([
    [true, 0],
    [false, 100],
  ])('tried hosts are avoided (%s) also where the balancer would not', async (avoidPreviousHosts, about) => {
    const policy = retries({ numRetries: 1, retryOn: ['5xx'], avoidPreviousHosts })
    const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { loadBalancer: { kind: 'random' } })
    const world = await worldOf(config([host(['a'], [route(forward('c', policy))])], [c]))
    let same = 0
    for (let i = 0; i < 200; i++) {
      const it = world.call('http://a/', { answers: [503, 200] })
      world.clock.advance(100)
      if (it.sent[0]?.endpoint === it.sent[1]?.endpoint) same++
    }
    // six draws in a row on one of two hosts: one call in 64
    expect(Math.abs(same - about)).toBeLessThan(avoidPreviousHosts ? 12 : 25)
  })

  test('C094 attempts follow each other within their windows', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const policy = retries({ numRetries: 6, retryOn: ['5xx'], backoffBaseMs: 100, backoffMaxMs: 1_000 })
      const world = await simple(policy, { seed })
      const it = world.call('http://a/', { answers: [503] })
      world.clock.advance(10_000)
      const waits = it.sent.slice(1).map((sent, i) => sent.atMs - (it.sent[i]?.atMs ?? 0))
      expect(waits).toHaveLength(6)
      for (const [i, window] of [100, 200, 400, 800, 1_000, 1_000].entries()) expect(waits[i]).toBeLessThan(window)
    }
  })

  test('a body that cannot be sent again is not', async () => {
    const world = await simple(retries({ retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: [503, 200], replayable: false })
    expect([it.sent.length, it.seen, world.record.flags]).toEqual([1, 503, '-'])
  })

  test('a body that outgrows its buffer during the wait ends the call with 507', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503, 200] })
    it.replays = false
    world.clock.advance(1_000)
    expect(it.replied).toMatchObject({ status: 507, body: 'exceeded request buffer limit while retrying upstream' })
    expect(it.sent).toHaveLength(1)
  })

  test('the message of a retried failure says so', async () => {
    const { it } = await run({ retryOn: ['connect-failure'] }, ['connectFailure'])
    expect(it.replied?.body).toBe(
      'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure',
    )
  })

  test('C140 giving up during the wait ends the call: no answer, no further attempt, flag DC', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503] })
    it.cancel()
    expect(world.clock.foregroundTimers).toBe(0)
    world.clock.advance(10_000)
    expect([it.sent.length, it.replied, it.status]).toEqual([1, undefined, undefined])
    expect(world.record).toMatchObject({ flags: 'DC', status: 0, attempts: 1 })
    it.cancel()
    expect(world.records).toHaveLength(1)
  })

  test('giving up while an attempt is under way stops it', async () => {
    const world = await simple(retries({ retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: ['hangs'] })
    it.cancel()
    expect([it.aborted, world.record.flags, world.record.status]).toEqual([1, 'DC', 0])
    const waiting = world.call('http://a/', { answers: ['waits'] })
    waiting.cancel()
    expect([waiting.aborted, world.record.flags]).toEqual([1, 'DC'])
  })

  test('when no host is left for a retry the call ends with UH', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503] })
    await world.apply(config([], [cluster('c', [])]))
    world.clock.advance(1_000)
    expect([it.sent.length, it.replied?.body]).toEqual([1, 'no healthy upstream'])
    expect(world.record).toMatchObject({ flags: 'UH', attempts: 1, endpoint: it.sent[0]?.endpoint })
  })

  test('a retry goes by the endpoints of now', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503, 200] })
    await world.apply(config([], [cluster('c', ['10.9.9.9'])]))
    world.clock.advance(1_000)
    expect([it.seen, it.sent[1]?.endpoint]).toEqual([200, '10.9.9.9:80'])
  })
})

describe('the limit of retries', () => {
  const breakers = (more: Partial<typeof noLimits>): Promise<World> => {
    const policy = retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 })
    const c = cluster('c', [endpoint('10.0.0.1')], { circuitBreakers: { ...noLimits, ...more } })
    return worldOf(config([host(['a'], [route(forward('c', policy))])], [c]))
  }

  test('C100 of two concurrent retries under maxRetries 1 the second is not made, and says UO', async () => {
    const world = await breakers({ maxRetries: 1 })
    const first = world.call('http://a/', { answers: [503, 200] })
    const second = world.call('http://a/', { answers: [503, 200] })
    expect([second.seen, world.record.flags]).toEqual([503, 'UO'])
    expect(world.mesh.cluster('c')?.limits.retries).toBe(1)
    world.clock.advance(1_000)
    expect([first.seen, first.sent.length, world.mesh.cluster('c')?.limits.retries]).toEqual([200, 2, 0])
  })

  test('a failure that could not be retried carries both flags', async () => {
    const world = await breakers({ maxRetries: 0 })
    world.call('http://a/', { answers: ['remoteReset'] })
    expect(world.record.flags).toBe('UO,UR')
  })

  test('a retry holds its place from the wait until its fate is known', async () => {
    const world = await breakers({ maxRetries: 1 })
    const it = world.call('http://a/', { answers: [503, { status: 503, afterMs: 500 }, { status: 200, afterMs: 500 }] })
    const { limits } = world.mesh.cluster('c')!
    expect(limits.retries).toBe(1)
    world.clock.advance(1_000)
    expect([it.sent.length, limits.retries]).toEqual([2, 1])
    world.clock.advance(10_000)
    expect([it.sent.length, it.seen, limits.retries]).toEqual([3, 200, 0])
  })

  test('C098 maxRequests holds for first attempts: 503 UO, x-envoy-overloaded, not retried', async () => {
    const world = await breakers({ maxRequests: 2 })
    const busy = [0, 1].map(() => world.call('http://a/', { answers: ['hangs'] }))
    const third = world.call('http://a/')
    expect(third.replied).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
      headers: ['x-envoy-overloaded', 'true'],
    })
    expect([third.sent.length, world.record.flags]).toEqual([1, 'UO'])
    for (const each of busy) each.cancel()
  })

  test('a budget counts requests under way', async () => {
    const world = await breakers({ retryBudget: { percent: 0.5, minRetryConcurrency: 0 } })
    const busy = [0, 1].map(() => world.call('http://a/', { answers: ['hangs'] }))
    world.call('http://a/', { answers: [503, 200] })
    world.call('http://a/', { answers: [503, 200] })
    expect(world.record.flags).toBe('UO')
    for (const each of busy) each.cancel()
    world.clock.advance(1_000)
    expect(world.record).toMatchObject({ status: 200, attempts: 2 })
  })

  test('a place that was reserved in a cluster that is gone does not burden the one that follows it', async () => {
    const world = await breakers({ maxRetries: 1 })
    const it = world.call('http://a/', { answers: [503, 200] })
    await world.apply(config([], []))
    await world.apply(config([], [cluster('c', ['10.0.0.1'])]))
    world.clock.advance(1_000)
    expect([it.seen, world.mesh.cluster('c')?.limits.retries]).toEqual([200, 0])
  })
})

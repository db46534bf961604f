// Hedging on per-try timeout: several attempts at once, the first good answer wins; SEMANTICS 5.7.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Limits } from '../cluster/limits.ts'
import { cluster, config, forward, host, noLimits, outlierDetection, route } from '../model/config.suite.ts'
import type { RetryPolicy } from '../model/policy.ts'
import type { ForwardAction } from '../model/route.ts'
import type { Answer, FakeExchange } from './fake-exchange.suite.ts'
import { expectNothingLeft, retries, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const hedging = (more: Partial<RetryPolicy> = {}): { retry: RetryPolicy } =>
  retries({
    numRetries: 2,
    retryOn: ['5xx'],
    perTryTimeoutMs: 100,
    hedgeOnPerTryTimeout: true,
    backoffBaseMs: 1,
    backoffMaxMs: 1,
    ...more,
  })

function world(action: Partial<ForwardAction> = hedging(), more: Parameters<typeof cluster>[2] = {}): Promise<World> {
  const c = cluster('c', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], more)
  return worldOf(config([host(['a'], [route(forward('c', action))])], [c]))
}

const call = (it: World, ...answers: readonly Answer[]): FakeExchange => it.call('http://a/', { answers, hedges: true })
const after = (status: number, afterMs: number): Answer => ({ status, afterMs })

describe('the per-try timeout', () => {
  test('starts another attempt and lets the first go on; the second is faster', async () => {
    const it = await world()
    const x = call(it, after(200, 500), after(201, 50))
    it.clock.advance(149)
    expect([x.sent.length, x.seen, x.aborted]).toEqual([2, undefined, 0])
    it.clock.advance(1)
    expect([x.seen, x.aborted, it.record.attempts, it.record.flags]).toEqual([201, 1, 2, '-'])
    expect(it.record.endpoint).toBe(x.sent[1]?.endpoint)
  })

  test('the first may still win; the other is reset, and what is scheduled too', async () => {
    const it = await world()
    const x = call(it, after(200, 120), 'hangs')
    it.clock.advance(120)
    expect([x.seen, x.sent.length, x.aborted]).toEqual([200, 2, 1])
    expect(it.record.endpoint).toBe(x.sent[0]?.endpoint)
    const slow = await world(hedging({ backoffBaseMs: 10_000, backoffMaxMs: 10_000 }))
    const y = call(slow, after(200, 101), 'hangs')
    slow.clock.advance(101)
    expect([y.seen, y.sent.length, slow.clock.foregroundTimers]).toEqual([200, 1, 0])
  })

  test('is asked for without a condition that would retry a timeout', async () => {
    const it = await world(hedging({ retryOn: ['connect-failure'] }))
    const x = call(it, 'hangs', after(200, 10))
    it.clock.advance(110)
    expect(x.seen).toBe(200)
  })

  test('counts for outlier detection once, whatever comes later', async () => {
    const it = await world(hedging(), { outlierDetection: { ...outlierDetection, consecutive5xx: 1 } })
    const x = call(it, after(500, 130), after(200, 90))
    it.clock.advance(200)
    expect(x.seen).toBe(200)
    const ejections = it.mesh
      .status()
      .clusters.find(({ name }) => name === 'c')
      ?.endpoints.map((one) => one.ejections)
    expect(ejections?.reduce((sum, n) => sum + n, 0)).toBe(1)
  })

  test('without retries left waits on, until the call times out', async () => {
    const it = await world({ ...hedging({ numRetries: 1 }), timeoutMs: 1_000 })
    const x = call(it, 'hangs', 'hangs')
    it.clock.advance(1_000)
    expect([x.seen, x.sent.length, x.aborted]).toEqual([504, 2, 2])
    expect(it.record.flags).toBe('URX,UT')
  })

  test('may go on to a third; all others are reset', async () => {
    const it = await world()
    const x = call(it, 'hangs', 'hangs', after(200, 10))
    it.clock.advance(210)
    expect([x.seen, x.sent.length, x.aborted]).toEqual([200, 3, 2])
    expect(new Set(x.sent.map(({ endpoint }) => endpoint)).size).toBe(3)
    expect(x.header('x-envoy-attempt-count', 3)).toEqual(['3'])
  })
})

test.each([
  [true, true, 200],
  [true, undefined, 504],
  [undefined, true, 504],
])('a trusted (%s) x-envoy-hedge-on-per-try-timeout (%s) gives %i', async (trustRequestHeaders, header, seen) => {
  const c = cluster('c', ['10.0.0.1', '10.0.0.2'])
  const action = { ...hedging({ retryOn: ['connect-failure'], hedgeOnPerTryTimeout: false }), timeoutMs: 500 }
  const settings = trustRequestHeaders === undefined ? {} : { trustRequestHeaders }
  const it = await worldOf(config([host(['a'], [route(forward('c', action))])], [c]), { settings })
  const headers = header === undefined ? {} : { 'x-envoy-hedge-on-per-try-timeout': 'true' }
  const x = it.call('http://a/', { answers: ['hangs', 200], hedges: true, headers })
  it.clock.advance(500)
  expect(x.seen).toBe(seen)
})

test('explain tells of hedging and of waits that servers ask for', async () => {
  const headers = [{ name: 'retry-after', format: 'seconds' }] as const
  const it = await world(hedging({ rateLimitedBackoff: { headers } }))
  const said = it.mesh.explain({ url: 'http://a/' }).steps.find(({ what }) => what === 'retries')?.text
  expect(said).toBe('up to 2 on 5xx, 100 ms per try, then another beside it, after what retry-after says')
})

describe('a bad answer', () => {
  test('waits for a better one that is under way', async () => {
    const it = await world(hedging({ numRetries: 1 }))
    const x = call(it, after(503, 110), after(200, 50))
    it.clock.advance(120)
    expect(x.seen).toBeUndefined()
    it.clock.advance(30)
    expect([x.seen, x.aborted]).toEqual([200, 0])
  })

  test('waits for one that is only scheduled', async () => {
    const it = await world(hedging({ backoffBaseMs: 50, backoffMaxMs: 50 }))
    const x = call(it, after(503, 101), 200)
    it.clock.advance(200)
    expect([x.seen, x.sent.length]).toEqual([200, 2])
  })

  test('is taken when it is the last', async () => {
    const it = await world(hedging({ numRetries: 1 }))
    const x = call(it, after(503, 110), after(500, 50))
    it.clock.advance(200)
    expect([x.seen, it.record.flags]).toEqual([500, 'URX'])
  })

  test('of the latest is retried, while the first goes on', async () => {
    const it = await world()
    const x = call(it, after(200, 140), 503, 'hangs')
    it.clock.advance(110)
    expect(x.sent).toHaveLength(3)
    it.clock.advance(40)
    expect([x.seen, x.aborted]).toEqual([200, 1])
  })

  test('that no condition calls bad wins', async () => {
    const it = await world()
    const x = call(it, after(404, 110), 'hangs')
    it.clock.advance(110)
    expect([x.seen, x.aborted]).toEqual([404, 1])
  })

  test('and a failure are the same', async () => {
    const it = await world(hedging({ numRetries: 1 }))
    const x = call(it, { fails: 'connectionTermination', afterMs: 110 }, after(200, 50))
    it.clock.advance(200)
    expect(x.seen).toBe(200)
    const y = call(it, { fails: 'connectionTermination', afterMs: 110 }, { fails: 'remoteReset', afterMs: 50 })
    it.clock.advance(200)
    expect([y.seen, it.record.flags]).toEqual([503, 'URX,UR'])
  })
})

describe('all of them end', () => {
  test('with the caller', async () => {
    const it = await world()
    const x = call(it, 'hangs', 'hangs')
    it.clock.advance(110)
    x.cancel()
    expect([x.aborted, it.record.flags]).toEqual([2, 'DC'])
  })

  test('when no host is left for the next', async () => {
    const it = await world()
    const x = call(it, 'hangs', 'hangs')
    await it.apply(config([host(['a'], [route(forward('c', hedging()))])], [cluster('c', [])]))
    it.clock.advance(110)
    expect([x.seen, x.aborted, it.record.flags]).toEqual([503, 1, 'UH'])
  })

  test('on any answers: one is passed on, no budget is exceeded, no place and no timer is left', async () => {
    const ms = fc.integer({ min: 0, max: 400 })
    const answer: fc.Arbitrary<Answer> = fc.oneof(
      fc.record({ status: fc.constantFrom(200, 404, 500, 503), afterMs: ms }),
      fc.record({ fails: fc.constantFrom('connectionTermination', 'remoteReset'), afterMs: ms }),
      fc.constantFrom<Answer>('hangs', 'waits', 'connectFailure'),
    )
    const budget = fc.record({ percent: fc.constantFrom(0, 0.2, 0.5), minRetryConcurrency: fc.nat(2) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(300), fc.array(answer, { minLength: 1, maxLength: 4 })), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.record({ numRetries: fc.integer({ min: 1, max: 3 }), hedgeOnPerTryTimeout: fc.boolean() }),
        fc.option(budget, { nil: undefined }),
        async (calls, policy, retryBudget) => {
          const circuitBreakers = { ...noLimits, maxRetries: 2, ...(retryBudget === undefined ? {} : { retryBudget }) }
          const it = await world({ ...hedging(policy), timeoutMs: 900 }, { circuitBreakers })
          const limits = watchBudget(it.mesh.cluster('c')!.limits)
          const exchanges = calls.map(([atMs, answers]) => {
            let made: FakeExchange | undefined
            it.clock.setTimer(atMs, () => (made = call(it, ...answers)), true)
            return () => made
          })
          it.clock.advance(2_000)
          for (const made of exchanges) expect(made()?.seen).toBeDefined()
          expect(limits.admittedBeyond).toEqual([])
          await expectNothingLeft()
        },
      ),
      { numRuns: 100 },
    )
  })
})

/** Notes every retry that is admitted though the budget, counted at that moment, has no room. */
function watchBudget(limits: Limits): { admittedBeyond: string[] } {
  const admittedBeyond: string[] = []
  const tryRetry = limits.tryRetry.bind(limits)
  limits.tryRetry = () => {
    const { retries: before, requests, pending, thresholds } = limits
    const { retryBudget: budget, maxRetries } = thresholds
    const allowed =
      budget === undefined
        ? maxRetries
        : Math.max(Math.floor(budget.percent * (requests + pending) + 1e-9), budget.minRetryConcurrency)
    const admitted = tryRetry()
    if (admitted && before >= allowed) admittedBeyond.push(`${before} of ${allowed}`)
    return admitted
  }
  return { admittedBeyond }
}

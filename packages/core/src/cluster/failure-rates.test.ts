// Success rate and failure percentage, enforcing, jitter and the first host that may always go; SEMANTICS 7.1 and 7.4.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import { endpoint, outlierDetection } from '../model/config.suite.ts'
import type { OutlierDetection } from '../model/outlier.ts'
import { Endpoint } from './endpoint.ts'
import { successThreshold } from './failure-rates.ts'
import { OutlierDetector } from './outlier.ts'
import type { Failure, Verdict } from './verdict.ts'

const off = { consecutive5xx: 0, consecutiveGatewayFailure: 0, consecutiveLocalOriginFailure: 0 }

function world(policy: Partial<OutlierDetection>, count = 5, seed = 1) {
  const clock = new VirtualClock()
  const endpoints = Array.from({ length: count }, (_, i) => new Endpoint(endpoint(`10.0.0.${i + 1}`)))
  const log: string[] = []
  const detector = new OutlierDetector({ ...outlierDetection, ...off, ...policy }, clock, new SeededRandom(seed), {
    ejected: (one, reason) => log.push(`${one.model.address}: ${reason}`),
    returned: (one) => log.push(`${one.model.address} back at ${clock.now()}`),
    endpoints: () => endpoints,
    endpointCount: count,
  })
  /** So many requests to an endpoint, of which the first ones fail. */
  const requests = (i: number, total: number, failures: number, verdict: Verdict = status(500)): void => {
    for (let n = 0; n < total; n++) {
      const fails = n < failures
      if (!fails || verdict.kind === 'response') detector.reportConnected(endpoints[i]!)
      detector.report(endpoints[i]!, fails ? verdict : status(200))
    }
  }
  const ejected = (): number[] => endpoints.flatMap((one, i) => (one.ejected ? [i] : []))
  return { clock, detector, log, endpoints, requests, ejected }
}

const status = (code: number): Verdict => ({
  kind: 'response',
  status: code,
  grpcStatus: undefined,
  rateLimited: false,
})
const failure = (failed: Failure): Verdict => ({ kind: 'failure', failure: failed, cause: undefined })

describe('success rate', () => {
  test("Envoy's own example: rates of 50 and four times 100 give a threshold of 52 for a factor of 1.9", () => {
    expect(successThreshold([50, 100, 100, 100, 100], 1.9)).toBe(52)
  })

  test('a host below it is ejected at the end of the interval', () => {
    const it = world({ successRate: {} })
    for (let i = 0; i < 5; i++) it.requests(i, 100, i === 0 ? 50 : 0)
    it.clock.advance(9_999)
    expect(it.ejected()).toEqual([])
    it.clock.advance(1)
    expect(it.log).toEqual(['10.0.0.1: success rate 50 % below 52 %'])
  })

  test.each<[string, Partial<NonNullable<OutlierDetection['successRate']>>, number, boolean]>([
    ['too few requests', {}, 99, false],
    ['enough requests', { requestVolume: 99 }, 99, true],
    ['too few hosts', { minimumHosts: 6 }, 100, false],
    ['a factor that reaches further', { stdevFactor: 3 }, 100, false],
  ])('%s', (_, policy, volume, goes) => {
    const it = world({ successRate: policy })
    for (let i = 0; i < 5; i++) it.requests(i, volume, i === 0 ? 50 : 0)
    it.clock.advance(10_000)
    expect(it.ejected()).toEqual(goes ? [0] : [])
  })

  test('only the last interval counts', () => {
    const it = world({ successRate: {} })
    for (let i = 0; i < 5; i++) it.requests(i, 60, i === 0 ? 50 : 0)
    it.clock.advance(10_000)
    for (let i = 0; i < 5; i++) it.requests(i, 60, i === 0 ? 50 : 0)
    it.clock.advance(10_000)
    expect(it.ejected()).toEqual([])
  })

  test('in split mode local failures are judged apart from answers', () => {
    const it = world({ successRate: {}, splitExternalLocalOriginErrors: true })
    for (let i = 0; i < 5; i++) it.requests(i, 200, i === 0 ? 100 : 0, failure('connectFailure'))
    it.clock.advance(10_000)
    expect(it.log).toEqual(['10.0.0.1: success rate 50 % below 52 % (local origin)'])
  })

  test('without split mode they are one', () => {
    const it = world({ successRate: { enforcingLocalOrigin: 0 } })
    for (let i = 0; i < 5; i++) it.requests(i, 100, i === 0 ? 50 : 0, failure('timeout'))
    it.clock.advance(10_000)
    expect(it.log).toEqual(['10.0.0.1: success rate 50 % below 52 %'])
  })
})

describe('failure percentage', () => {
  const on = { enforcing: 1 }

  test('a host of which 85 % fail is ejected, one of 84 % not', () => {
    const it = world({ failurePercentage: on })
    for (const [i, failures] of [85, 84, 0, 0, 0].entries()) it.requests(i, 100, failures)
    it.clock.advance(10_000)
    expect(it.log).toEqual(['10.0.0.1: 85 % of requests failed'])
  })

  test('by default it detects but does not eject', () => {
    const it = world({ failurePercentage: {} })
    for (let i = 0; i < 5; i++) it.requests(i, 50, 50)
    it.clock.advance(10_000)
    expect([it.ejected(), it.detector.unenforced]).toEqual([[], 5])
  })

  test('the cap holds for it too', () => {
    const it = world({ failurePercentage: on, maxEjectionPercent: 0.4 })
    for (let i = 0; i < 5; i++) it.requests(i, 50, 50)
    it.clock.advance(10_000)
    expect([it.ejected().length, it.detector.overflows]).toEqual([2, 3])
  })

  test('local origin has its own chance', () => {
    const it = world({ splitExternalLocalOriginErrors: true, failurePercentage: { enforcingLocalOrigin: 1 } })
    for (let i = 0; i < 5; i++) it.requests(i, 50, i === 0 ? 50 : 0, failure('connectFailure'))
    it.clock.advance(10_000)
    expect(it.log).toEqual(['10.0.0.1: 100 % of requests failed (local origin)'])
  })
})

describe('the timer', () => {
  test('runs only while there is something to judge', () => {
    const it = world({ successRate: {} })
    expect(it.clock.pendingTimers).toBe(0)
    it.requests(0, 1, 0)
    expect(it.clock.pendingTimers).toBe(1)
    it.clock.advance(60_000)
    expect(it.clock.pendingTimers).toBe(0)
  })

  test('is not there after close, whatever is reported', () => {
    const it = world({ successRate: {} })
    it.requests(0, 1, 0)
    it.detector.close()
    it.requests(0, 1, 0)
    expect(it.clock.pendingTimers).toBe(0)
  })
})

describe('ejections', () => {
  test('happen as often as their enforcing percentage says, drawn from the injected chance', () => {
    const it = world({ consecutive5xx: 1, enforcing: { consecutive5xx: 0.3 } }, 2_000)
    for (const one of it.endpoints) it.detector.report(one, status(500))
    expect(it.ejected().length).toBeGreaterThan(540)
    expect(it.ejected().length).toBeLessThan(660)
    expect(it.detector.unenforced + it.detector.ejectedCount).toBe(2_000)
  })

  test('of each row have their own chance; 0 never, 1 always', () => {
    const enforcing = { consecutive5xx: 0, consecutiveGatewayFailure: 1, consecutiveLocalOriginFailure: 0 }
    const it = world({ consecutive5xx: 1, consecutiveGatewayFailure: 2, enforcing })
    for (let n = 0; n < 10; n++) it.detector.report(it.endpoints[0]!, status(500))
    expect(it.ejected()).toEqual([])
    for (let n = 0; n < 2; n++) it.detector.report(it.endpoints[0]!, status(503))
    expect(it.log).toEqual(['10.0.0.1: 2 consecutive gateway errors'])
  })

  test('last longer by up to the jitter', () => {
    const backs = [1, 2, 3, 4, 5, 6].map((seed) => {
      const it = world({ consecutive5xx: 1, maxEjectionTimeJitterMs: 40_000, intervalMs: 1_000 }, 5, seed)
      it.detector.report(it.endpoints[0]!, status(500))
      it.clock.advance(100_000)
      return Number(it.log[1]?.split(' ').at(-1))
    })
    expect(Math.min(...backs)).toBeGreaterThanOrEqual(30_000)
    expect(Math.max(...backs)).toBeLessThanOrEqual(71_000)
    expect(new Set(backs).size).toBeGreaterThan(3)
  })

  test('7.3 the first host may always go where that is said', () => {
    const it = world({ consecutive5xx: 1, maxEjectionPercent: 0.1, alwaysEjectOneHost: true })
    for (const one of it.endpoints) it.detector.report(one, status(500))
    expect([it.ejected(), it.detector.overflows]).toEqual([[0], 4])
  })

  test('7.4 end at a passed health check, unless it is said otherwise', () => {
    for (const healthCheckEndsEjection of [true, false]) {
      const it = world({ consecutive5xx: 1, healthCheckEndsEjection })
      it.detector.report(it.endpoints[0]!, status(500))
      it.detector.reportHealthy(it.endpoints[0]!)
      expect(it.ejected()).toEqual(healthCheckEndsEjection ? [] : [0])
    }
  })

  test('their time does not shrink in the sweep that follows a return by less than an interval', () => {
    const it = world({ consecutive5xx: 1 })
    it.clock.advance(5_000)
    it.detector.report(it.endpoints[0]!, status(500))
    it.detector.reportHealthy(it.endpoints[0]!)
    it.clock.advance(5_000)
    expect(it.endpoints[0]?.ejectionRecord?.multiplier).toBe(1)
    it.clock.advance(10_000)
    expect(it.endpoints[0]?.ejectionRecord?.multiplier).toBe(0)
  })

  test('never exceed the cap, whatever is reported, in any order', () => {
    const step = fc.oneof(
      fc.record({ host: fc.nat(11), status: fc.constantFrom(200, 500, 503), times: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ waitMs: fc.integer({ min: 1, max: 40_000 }) }),
      fc.record({ healthy: fc.nat(11) }),
      fc.record({ local: fc.nat(11), times: fc.integer({ min: 1, max: 8 }) }),
    )
    const percent = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), percent, fc.boolean(), fc.boolean(), (steps, max, one, split) => {
        const it = world(
          {
            consecutive5xx: 3,
            consecutiveGatewayFailure: 2,
            consecutiveLocalOriginFailure: 3,
            splitExternalLocalOriginErrors: split,
            maxEjectionPercent: max / 100,
            alwaysEjectOneHost: one,
            enforcing: { consecutive5xx: 0.8 },
            maxEjectionTimeJitterMs: 5_000,
            successRate: { requestVolume: 3, minimumHosts: 2 },
            failurePercentage: { requestVolume: 3, minimumHosts: 1, enforcing: 1, enforcingLocalOrigin: 0.5 },
          },
          12,
        )
        const cap = Math.max(Math.floor((12 * max) / 100 + 1e-9), one ? 1 : 0)
        for (const each of steps) {
          if ('waitMs' in each) it.clock.advance(each.waitMs)
          else if ('healthy' in each) it.detector.reportHealthy(it.endpoints[each.healthy]!)
          else if ('local' in each) it.requests(each.local, each.times, each.times, failure('connectFailure'))
          else it.requests(each.host, each.times, each.times, status(each.status))
          expect(it.ejected().length).toBeLessThanOrEqual(cap)
          expect(it.ejected().length).toBe(it.detector.ejectedCount)
        }
        it.detector.close()
        expect(it.clock.pendingTimers).toBe(0)
      }),
    )
  })
})

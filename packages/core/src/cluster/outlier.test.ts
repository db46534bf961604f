// Ejection and return of endpoints, SEMANTICS 7.
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { OutlierDetection } from '../model/outlier.ts'
import { endpoint, outlierDetection } from '../model/config.suite.ts'
import { Endpoint } from './endpoint.ts'
import { OutlierDetector } from './outlier.ts'
import type { Failure, Verdict } from './verdict.ts'

function world(policy: Partial<OutlierDetection> = {}, count = 3, startMs = 0) {
  const clock = new VirtualClock(startMs)
  const endpoints = Array.from({ length: count }, (_, i) => new Endpoint(endpoint(`10.0.0.${i + 1}`)))
  const log: string[] = []
  const detector = new OutlierDetector({ ...outlierDetection, ...policy }, clock, new SeededRandom(7), {
    ejected: (one, reason) => log.push(`${one.model.address} ejected at ${clock.now()}: ${reason}`),
    returned: (one) => log.push(`${one.model.address} returned at ${clock.now()}`),
    endpoints: () => endpoints,
    get endpointCount() {
      return endpoints.length
    },
  })
  const times = (n: number, one: Endpoint, verdict: Verdict): void => {
    for (let i = 0; i < n; i++) detector.report(one, verdict)
  }
  const [first, second, third] = endpoints as [Endpoint, Endpoint, Endpoint]
  return { clock, detector, log, endpoints, times, first, second, third }
}

const status = (code: number, grpcStatus?: number): Verdict => ({
  kind: 'response',
  status: code,
  grpcStatus,
  rateLimited: false,
})
const failure = (failed: Failure): Verdict => ({ kind: 'failure', failure: failed, cause: undefined })

describe('what is counted', () => {
  test('C102 five consecutive errors eject, four do not', () => {
    const { times, first, log } = world()
    times(4, first, status(500))
    expect(first.ejected).toBe(false)
    times(1, first, status(500))
    expect(first.ejected).toBe(true)
    expect(log).toEqual(['10.0.0.1 ejected at 0: 5 consecutive errors'])
  })

  test('C103 the threshold is the one that is set', () => {
    const { times, first } = world({ consecutive5xx: 3 })
    times(2, first, status(503))
    expect(first.ejected).toBe(false)
    times(1, first, status(503))
    expect(first.ejected).toBe(true)
  })

  test('a success between starts the count anew', () => {
    const { times, first } = world()
    times(4, first, status(500))
    times(1, first, status(404))
    times(4, first, status(500))
    expect(first.ejected).toBe(false)
  })

  test('each endpoint has its own count', () => {
    const { times, first, second } = world()
    times(4, first, status(500))
    times(4, second, status(500))
    expect([first.ejected, second.ejected]).toEqual([false, false])
  })

  test('a threshold of 0 switches the detector off', () => {
    const { times, first } = world({ consecutive5xx: 0 })
    times(100, first, status(503))
    expect(first.ejected).toBe(false)
  })

  test.each([502, 503, 504])('a %i is a gateway error', (code) => {
    const { times, first, log } = world({ consecutive5xx: 0, consecutiveGatewayFailure: 3 })
    times(3, first, status(code))
    expect(log).toEqual(['10.0.0.1 ejected at 0: 3 consecutive gateway errors'])
  })

  test('another 5xx ends a row of gateway errors but not the row of errors', () => {
    const { times, first, log } = world({ consecutiveGatewayFailure: 3 })
    times(2, first, status(503))
    times(1, first, status(500))
    times(2, first, status(503))
    expect(log).toEqual(['10.0.0.1 ejected at 0: 5 consecutive errors'])
  })

  test.each<Failure>([
    'connectFailure',
    'connectionTermination',
    'resetBeforeRequest',
    'remoteReset',
    'perTryTimeout',
    'timeout',
  ])('C107 %s counts as a gateway error', (kind) => {
    const { times, first } = world({ consecutive5xx: 0, consecutiveGatewayFailure: 2 })
    times(2, first, failure(kind))
    expect(first.ejected).toBe(true)
  })

  test('timeouts count as 504 and connection errors as 503 where codes are listed', () => {
    const { times, first, second } = world({ errorStatusCodes: [504] })
    times(5, first, failure('timeout'))
    times(5, second, failure('connectFailure'))
    expect([first.ejected, second.ejected]).toEqual([true, false])
  })

  test('listed codes are errors and all others success', () => {
    const { times, first, second } = world({ errorStatusCodes: [429] })
    times(5, first, status(429))
    times(5, second, status(500))
    expect([first.ejected, second.ejected]).toEqual([true, false])
  })

  test('a gRPC status in the head counts instead of the HTTP status', () => {
    const { times, first, second, third } = world()
    times(5, first, status(200, 14))
    times(5, second, status(503, 0))
    times(5, third, status(200, 5))
    expect([first.ejected, second.ejected, third.ejected]).toEqual([true, false, false])
  })
})

describe('split mode', () => {
  const split = { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 5 }

  test('C106 local failures have their own count', () => {
    const { times, first, log } = world(split)
    times(5, first, failure('connectFailure'))
    expect(log).toEqual(['10.0.0.1 ejected at 0: 5 consecutive local failures'])
  })

  test('local failures do not add to responses, nor end their row', () => {
    const { times, first } = world(split)
    times(4, first, status(500))
    times(4, first, failure('connectFailure'))
    expect(first.ejected).toBe(false)
    times(1, first, status(500))
    expect(first.ejected).toBe(true)
  })

  test('a connection that was made ends a row of local failures', () => {
    const { times, first, detector } = world(split)
    times(4, first, failure('connectFailure'))
    detector.reportConnected(first)
    times(4, first, failure('connectFailure'))
    expect(first.ejected).toBe(false)
  })
})

describe('the cap', () => {
  test('with the default of 10 % a cluster of fewer than 10 endpoints never ejects', () => {
    const { times, first, detector } = world({ maxEjectionPercent: 0.1 }, 9)
    times(60, first, status(503))
    expect([first.ejected, detector.ejectedCount, detector.overflows]).toEqual([false, 0, 12])
  })

  test('10 % of 10 endpoints is one', () => {
    const { times, first, second, detector } = world({ maxEjectionPercent: 0.1 }, 10)
    times(5, first, status(503))
    times(5, second, status(503))
    expect([first.ejected, second.ejected, detector.overflows]).toEqual([true, false, 1])
  })

  test.each([
    [0.3, 10, 3],
    [0.29, 10, 2],
    [0.7, 10, 7],
    [0.34, 3, 1],
    [1, 3, 3],
  ])('%f of %i endpoints are at most %i', (maxEjectionPercent, count, most) => {
    const { times, endpoints, detector } = world({ maxEjectionPercent }, count)
    for (const one of endpoints) times(5, one, status(500))
    expect(detector.ejectedCount).toBe(most)
  })

  test('a refused ejection starts the count anew', () => {
    const { times, first, detector } = world({ maxEjectionPercent: 0 })
    times(5, first, status(500))
    times(4, first, status(500))
    expect(detector.overflows).toBe(1)
    expect(first.consecutive5xx).toBe(4)
  })

  test('an endpoint that left makes room', () => {
    const { times, first, second, endpoints, detector } = world({ maxEjectionPercent: 0.5 }, 3)
    times(5, first, status(500))
    times(5, second, status(500))
    expect(second.ejected).toBe(false)
    endpoints.shift()
    detector.removed(first)
    times(5, second, status(500))
    expect([second.ejected, detector.ejectedCount]).toEqual([true, 1])
  })
})

describe('the way back', () => {
  test('C102 30 seconds the first time, 60 the second', () => {
    const { clock, times, first, log } = world()
    times(5, first, status(500))
    clock.advance(30_000)
    expect(first.ejected).toBe(false)
    times(5, first, status(500))
    clock.advance(59_999)
    expect(first.ejected).toBe(true)
    clock.advance(1)
    expect(log.map((line) => line.replace(/:.*/, ''))).toEqual([
      '10.0.0.1 ejected at 0',
      '10.0.0.1 returned at 30000',
      '10.0.0.1 ejected at 30000',
      '10.0.0.1 returned at 90000',
    ])
  })

  test('an endpoint returns at a sweep, and sweeps are whole intervals after the start', () => {
    const { clock, times, first, log } = world({}, 3, 1_234)
    clock.advance(3_000)
    times(5, first, status(500))
    expect(clock.nextTimerAt).toBe(11_234)
    clock.advance(100_000)
    // ejected 3 s after a sweep: 30 s are over at the fourth
    expect(log[1]).toBe('10.0.0.1 returned at 41234')
  })

  test('the time grows with every ejection up to its limit', () => {
    const { clock, times, first } = world({ intervalMs: 1_000, baseEjectionTimeMs: 2_000, maxEjectionTimeMs: 5_000 })
    const durations = [1, 2, 3, 4].map(() => {
      const from = clock.now()
      times(5, first, status(500))
      while (first.ejected) clock.advance(1_000)
      return clock.now() - from
    })
    expect(durations).toEqual([2_000, 4_000, 5_000, 5_000])
  })

  test('every sweep without ejection takes one back, until the first duration holds again', () => {
    const { clock, times, first } = world({ intervalMs: 1_000, baseEjectionTimeMs: 2_000 })
    for (let i = 0; i < 3; i++) {
      times(5, first, status(500))
      while (first.ejected) clock.advance(1_000)
    }
    expect(first.ejectionRecord?.multiplier).toBe(3)
    clock.advance(2_000)
    expect(first.ejectionRecord?.multiplier).toBe(1)
    expect(clock.pendingTimers).toBe(1)
    clock.advance(10_000)
    expect(first.ejectionRecord?.multiplier).toBe(0)
    times(5, first, status(500))
    const from = clock.now()
    while (first.ejected) clock.advance(1_000)
    expect(clock.now() - from).toBe(2_000)
  })

  test('all counts begin anew when an endpoint returns', () => {
    const { clock, times, first } = world({ splitExternalLocalOriginErrors: true, consecutiveGatewayFailure: 50 })
    times(4, first, failure('connectFailure'))
    times(5, first, status(503))
    times(3, first, status(503))
    clock.advance(30_000)
    expect([first.ejected, first.consecutive5xx, first.consecutiveGatewayFailure]).toEqual([false, 0, 0])
    expect(first.consecutiveLocalOriginFailure).toBe(0)
  })

  test('nothing ticks when there is nothing to undo', () => {
    const { clock, times, first } = world()
    expect(clock.pendingTimers).toBe(0)
    times(4, first, status(500))
    expect(clock.pendingTimers).toBe(0)
    times(1, first, status(500))
    expect(clock.pendingTimers).toBe(1)
    clock.advance(1_000_000)
    expect(clock.pendingTimers).toBe(0)
  })

  test('errors while ejected change nothing', () => {
    const { times, first, log, detector } = world()
    times(25, first, status(500))
    expect([log.length, detector.ejectedCount, first.ejections]).toEqual([1, 1, 1])
  })

  test('a clock that fires a hair early does not sweep twice', () => {
    const virtual = new VirtualClock()
    const sweeps: number[] = []
    const one = new Endpoint(endpoint('10.0.0.1'))
    const clock = {
      now: () => virtual.now(),
      wallNow: () => virtual.wallNow(),
      setTimer: (ms: number, fire: () => void) => virtual.setTimer(Math.max(0.1, ms - 0.4), fire),
      clearTimer: (timer: unknown) => virtual.clearTimer(timer),
    }
    const detector = new OutlierDetector(
      { ...outlierDetection, intervalMs: 1_000, baseEjectionTimeMs: 3_500 },
      clock,
      new SeededRandom(7),
      {
        ejected: () => undefined,
        returned: () => undefined,
        endpoints: () => {
          sweeps.push(Math.round(virtual.now()))
          return [one]
        },
        endpointCount: 1,
      },
    )
    for (let i = 0; i < 5; i++) detector.report(one, status(500))
    virtual.advance(10_000)
    expect([...new Set(sweeps)]).toEqual([1_000, 2_000, 3_000, 4_000, 5_000])
  })

  test('a closed detector is deaf and has no timer', () => {
    const { clock, times, first, second, detector, log } = world()
    times(5, first, status(500))
    detector.close()
    expect(clock.pendingTimers).toBe(0)
    times(10, second, status(500))
    expect([second.ejected, clock.pendingTimers, log.length]).toEqual([false, 0, 1])
  })
})

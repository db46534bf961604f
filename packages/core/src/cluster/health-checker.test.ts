// Active health checks: what results do, when the next check comes, and how they join with what else is known; SEMANTICS 9.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { Cluster as Model, Endpoint as EndpointModel } from '../model/cluster.ts'
import { cluster as modelOf, endpoint, outlierDetection } from '../model/config.suite.ts'
import type { HttpHealthCheck } from '../model/health-check.ts'
import { Cluster } from './cluster.ts'
import { Draining } from './draining.ts'
import type { Endpoint } from './endpoint.ts'
import type { HealthProbe, ProbeResult } from './health-probe.ts'
import { anyEndpoint } from './selecting.ts'

const passed: ProbeResult = { kind: 'passed', degraded: false }
const degraded: ProbeResult = { kind: 'passed', degraded: true }
const failed: ProbeResult = { kind: 'failed', reason: 'connection refused', atOnce: false, excluded: false }
const unexpected: ProbeResult = { kind: 'failed', reason: 'status 503', atOnce: true, excluded: false }
const check: HttpHealthCheck = {
  kind: 'http',
  path: '/healthz',
  timeoutMs: 500,
  intervalMs: 1_000,
  noTrafficIntervalMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
}

/** One endpoint's probe: what it was asked, and a way to answer. */
class FakeProbe implements HealthProbe {
  readonly askedAtMs: number[] = []
  cancelled = 0
  closed = 0
  readonly #clock: VirtualClock
  #answer: ((result: ProbeResult) => void) | undefined

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  check(answer: (result: ProbeResult) => void): void {
    this.askedAtMs.push(this.#clock.now())
    this.#answer = answer
  }

  cancel(): void {
    this.cancelled++
  }

  close(): void {
    this.closed++
  }

  /** Answers what is under way, and waits for the next question. */
  answers(...results: readonly ProbeResult[]): void {
    for (const result of results) {
      for (let ms = 0; this.#answer === undefined && ms < 200_000; ms++) this.#clock.advance(1)
      const answer = this.#answer
      this.#answer = undefined
      answer?.(result)
    }
  }
}

function world(
  endpoints: readonly (string | EndpointModel)[] = ['10.0.0.1'],
  more: Partial<HttpHealthCheck> = {},
  cluster: Partial<Model> = {},
) {
  const clock = new VirtualClock()
  const probes = new Map<string, FakeProbe>()
  const log: string[] = []
  const models = (healthCheck: Model['healthCheck'], list = endpoints): Model =>
    modelOf('c', list, { ...cluster, ...(healthCheck === undefined ? {} : { healthCheck }) })
  const make = (model: Model): Cluster =>
    new Cluster(model, {
      clock,
      random: new SeededRandom(1),
      resolver: { resolve: () => Promise.reject(new Error('no names')) },
      draining: new Draining(),
      endpointEjected: (_, one) => log.push(`${one.key} ejected`),
      endpointReturned: (_, one) => log.push(`${one.key} returned`),
      endpointHealthChanged: (_, one) => log.push(`${one.key} ${one.checked?.state ?? ''}`),
      probers: {
        http: (_, { address }) => {
          const probe = new FakeProbe(clock)
          probes.set(address, probe)
          return probe
        },
      },
    })
  const c = make(models({ ...check, ...more }))
  const probe = (address = '10.0.0.1'): FakeProbe => probes.get(address)!
  const one = (address = '10.0.0.1'): Endpoint => [...c.endpoints()].find(({ model }) => model.address === address)!
  const health = (address?: string): string => one(address).health
  const gaps = (address?: string): number[] => probe(address).askedAtMs.map((at, i, all) => at - (all[i - 1] ?? 0))
  return { clock, probes, probe, log, c, one, health, gaps, models, make }
}

describe('the first round', () => {
  test('holds calls back until every endpoint has answered', () => {
    const it = world(['10.0.0.1', '10.0.0.2'])
    let ready = 0
    it.c.whenReady(() => ready++)
    expect([it.c.ready, ready, it.c.pick(anyEndpoint)]).toEqual([false, 0, undefined])
    it.probe('10.0.0.1').answers(passed)
    expect([it.c.ready, ready]).toEqual([false, 0])
    it.probe('10.0.0.2').answers(failed)
    expect([it.c.ready, ready]).toEqual([true, 1])
    expect(it.c.pick(anyEndpoint)?.key).toBe('10.0.0.1:80')
  })

  test('an endpoint that does not answer in time has failed', () => {
    const it = world()
    it.clock.advance(500)
    expect([it.c.ready, it.health(), it.probe().cancelled]).toEqual([true, 'unhealthy', 1])
    expect(it.one().checked?.reason).toBe('no answer within 500 ms')
  })

  test('a late answer is dropped', () => {
    const it = world()
    it.clock.advance(500)
    it.probe().answers(passed)
    expect(it.health()).toBe('unhealthy')
  })

  test('decides alone, whatever the thresholds', () => {
    const good = world()
    good.probe().answers(passed)
    const bad = world()
    bad.probe().answers(failed)
    expect([good.health(), bad.health()]).toEqual(['healthy', 'unhealthy'])
  })

  test('is not waited for where there is nobody to ask', () => {
    const it = world([endpoint('10.0.0.1', { healthCheck: { disabled: true } })])
    expect([it.c.ready, it.health(), it.probes.size, it.clock.pendingTimers]).toEqual([true, 'healthy', 0, 0])
    expect(world([]).c.ready).toBe(true)
  })

  test('comes after the initial jitter', () => {
    const it = world(['10.0.0.1'], { initialJitterMs: 800 })
    expect(it.probe().askedAtMs).toEqual([])
    it.clock.advance(800)
    expect(it.probe().askedAtMs).toHaveLength(1)
    expect(it.gaps()[0]).toBeGreaterThan(0)
  })

  test('is over for those who wait when the cluster retires', () => {
    const it = world()
    let told = 0
    it.c.whenReady(() => told++)
    it.c.retire()
    expect([told, it.clock.pendingTimers, it.probe().closed]).toEqual([1, 0, 1])
  })
})

test('of names that are resolved by DNS: first the addresses, then their health', async () => {
  const clock = new VirtualClock()
  const probes: FakeProbe[] = []
  const c = new Cluster(
    modelOf('c', [], { discovery: { kind: 'strictDns', endpoints: [endpoint('svc.test')] }, healthCheck: check }),
    {
      clock,
      random: new SeededRandom(1),
      resolver: { resolve: () => Promise.resolve({ addresses: ['10.0.0.1', '10.0.0.2'], ttlMs: 60_000 }) },
      draining: new Draining(),
      endpointEjected: () => undefined,
      endpointReturned: () => undefined,
      endpointHealthChanged: () => undefined,
      probers: {
        http: () => {
          const probe = new FakeProbe(clock)
          probes.push(probe)
          return probe
        },
      },
    },
  )
  let ready = 0
  c.whenReady(() => ready++)
  await clock.advanceAsync(0)
  expect([ready, c.ready, probes.length]).toEqual([0, false, 2])
  for (const probe of probes) probe.answers(passed)
  expect([ready, c.ready, c.pick(anyEndpoint)?.health]).toEqual([1, true, 'healthy'])
  c.destroy()
  expect(clock.pendingTimers).toBe(0)
})

describe('after it', () => {
  test('so many failures in a row make it unhealthy, so many passes healthy again', () => {
    const it = world()
    it.probe().answers(passed, failed, failed)
    expect(it.health()).toBe('healthy')
    it.probe().answers(passed, failed, failed, failed)
    expect(it.health()).toBe('unhealthy')
    it.probe().answers(passed, failed, passed)
    expect(it.health()).toBe('unhealthy')
    it.probe().answers(passed)
    expect(it.health()).toBe('healthy')
    expect(it.log).toEqual(['10.0.0.1:80 failing', '10.0.0.1:80 passing'])
  })

  test('an answer that is not expected counts at once', () => {
    const it = world()
    it.probe().answers(passed, unexpected)
    expect(it.health()).toBe('unhealthy')
  })

  test('x-envoy-degraded puts it into the degraded tier', () => {
    const it = world()
    it.probe().answers(passed, degraded)
    expect([it.health(), it.c.selection.sets[0]?.degraded.length]).toEqual(['degraded', 1])
    it.probe().answers(passed)
    expect(it.health()).toBe('healthy')
  })

  test('x-envoy-immediate-health-check-fail on an answer to a call counts at once, and its rhythm goes on', () => {
    const it = world(['10.0.0.1', '10.0.0.2'], {}, { panicThreshold: 0.6 })
    it.probe('10.0.0.1').answers(passed)
    it.probe('10.0.0.2').answers(passed)
    it.c.reportUnfit(it.one('10.0.0.1'))
    expect(it.health('10.0.0.1')).toBe('unhealthy')
    // it does not count: all of those that do are healthy, and nobody panics
    expect([it.c.selection.panic, it.c.selection.loads.healthy]).toEqual([[false], [100]])
    it.clock.advance(1_000)
    expect(it.gaps('10.0.0.1')).toEqual([0, 1_000])
    it.probe('10.0.0.1').answers(passed, passed)
    expect([it.health('10.0.0.1'), it.one('10.0.0.1').checked?.excluded]).toEqual(['healthy', false])
  })

  test('what the configuration says still holds', () => {
    for (const said of ['unhealthy', 'draining', 'degraded'] as const) {
      const it = world([endpoint('10.0.0.1', { health: said })])
      it.probe().answers(passed)
      expect(it.health()).toBe(said)
    }
  })

  test('too few that pass are panic', () => {
    const it = world(['10.0.0.1', '10.0.0.2'], {}, { panicThreshold: 0.6 })
    it.probe('10.0.0.1').answers(passed)
    it.probe('10.0.0.2').answers(failed)
    expect(it.c.selection.panic).toEqual([true])
  })

  test('7.4 a pass ends an ejection, and a failing endpoint stays out when its ejection ends', () => {
    const it = world(['10.0.0.1', '10.0.0.2'], {}, { outlierDetection })
    it.probe('10.0.0.1').answers(passed)
    it.probe('10.0.0.2').answers(passed)
    for (let n = 0; n < 5; n++) {
      it.c.report(it.one(), { kind: 'response', status: 500, grpcStatus: undefined, rateLimited: false })
    }
    expect(it.one().ejected).toBe(true)
    it.probe('10.0.0.1').answers(unexpected)
    expect([it.one().ejected, it.health()]).toEqual([true, 'unhealthy'])
    it.probe('10.0.0.1').answers(passed)
    expect([it.one().ejected, it.health()]).toEqual([true, 'unhealthy'])
    it.probe('10.0.0.1').answers(passed)
    expect([it.one().ejected, it.health()]).toEqual([false, 'healthy'])
  })

  test('6.5 slow start begins again when a failing endpoint recovers', () => {
    const slowStart = { windowMs: 10_000, aggression: 1, minWeight: 0.1 }
    const it = world(['10.0.0.1'], {}, { slowStart })
    it.probe().answers(passed, unexpected, passed, passed)
    expect(it.one().healthySinceMs).toBe(it.clock.now())
    const since = it.clock.now()
    it.probe().answers(degraded, passed)
    expect(it.one().healthySinceMs).toBe(since)
  })
})

describe('the interval', () => {
  const timing = {
    intervalMs: 1_000,
    unhealthyIntervalMs: 2_000,
    unhealthyEdgeIntervalMs: 300,
    healthyEdgeIntervalMs: 400,
    noTrafficIntervalMs: 7_000,
    noTrafficHealthyIntervalMs: 9_000,
  }

  test('is short at the edge: while results of the other kind are not enough yet', () => {
    const it = world(['10.0.0.1'], timing)
    it.one().totalRequests = 1
    it.probe().answers(passed, passed, failed, failed, failed, failed, passed, passed)
    it.clock.advance(1_000)
    expect(it.gaps()).toEqual([0, 1_000, 1_000, 300, 300, 2_000, 2_000, 400, 1_000])
  })

  test('is the long one until the cluster has carried a request', () => {
    const it = world(['10.0.0.1'], timing)
    it.probe().answers(passed, failed, failed, failed)
    it.one().totalRequests = 1
    it.probe().answers(failed)
    it.clock.advance(2_000)
    expect(it.gaps()).toEqual([0, 9_000, 7_000, 7_000, 7_000, 2_000])
  })

  test('without traffic is a minute by default', () => {
    const { noTrafficIntervalMs: _, ...rest } = check
    const it = world(['10.0.0.1'])
    it.c.update({ ...it.c.model, healthCheck: rest })
    it.probe().answers(passed)
    it.clock.advance(60_000)
    expect(it.probe().askedAtMs).toEqual([0, 60_000])
  })

  test('has its jitters added', () => {
    const it = world(['10.0.0.1'], { intervalJitterMs: 100, intervalJitter: 0.5 })
    it.probe().answers(...Array.from({ length: 40 }, () => passed))
    const gaps = it.gaps().slice(1)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...gaps)).toBeLessThan(1_600)
    expect(Math.max(...gaps)).toBeGreaterThan(1_400)
  })
})

describe('configuration', () => {
  test('endpoints that come later are out until their first result, those that leave are asked no more', () => {
    const it = world()
    it.probe().answers(passed)
    it.c.update(it.models(check, ['10.0.0.1', '10.0.0.2']))
    expect([it.c.ready, it.health('10.0.0.2')]).toEqual([true, 'unhealthy'])
    it.probe('10.0.0.2').answers(passed)
    expect(it.health('10.0.0.2')).toBe('healthy')
    it.c.update(it.models(check, ['10.0.0.2']))
    expect(it.probe('10.0.0.1').closed).toBe(1)
    expect(it.clock.pendingTimers).toBe(1)
  })

  test('a check that is added lets endpoints serve until their first result', () => {
    const it = world()
    const c = it.make(it.models(undefined))
    c.update(it.models(check))
    expect([c.ready, c.pick(anyEndpoint)?.key]).toEqual([true, '10.0.0.1:80'])
    it.probe().answers(failed)
    expect(c.pick(anyEndpoint)).toBeUndefined()
  })

  test('a check that is changed keeps what is known; one that is removed forgets it', () => {
    const it = world()
    it.probe().answers(failed)
    const first = it.probe()
    it.c.update(it.models({ ...check, path: '/other' }))
    expect([first.closed, it.probe() === first, it.health()]).toEqual([1, false, 'unhealthy'])
    it.c.update(it.models(undefined))
    expect([it.health(), it.clock.pendingTimers]).toEqual(['healthy', 0])
  })

  test('an update that says the same changes nothing', () => {
    const it = world()
    it.probe().answers(passed)
    const first = it.probe()
    it.c.update(it.models({ ...check }))
    expect([it.probe() === first, first.closed]).toEqual([true, 0])
  })

  test('without a check nothing ticks and nobody is asked', () => {
    const it = world()
    it.c.destroy()
    const c = it.make(it.models(undefined))
    expect([c.ready, c.wantsHeads, it.clock.pendingTimers]).toEqual([true, false, 0])
  })
})

test('on any order of results, updates and calls every timer is gone after close, and nobody is asked twice at once', () => {
  const step = fc.oneof(
    fc.record({ host: fc.nat(3), result: fc.constantFrom(passed, degraded, failed, unexpected) }),
    fc.record({ waitMs: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ hosts: fc.uniqueArray(fc.nat(3), { maxLength: 4 }) }),
    fc.record({ unfit: fc.nat(3) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const it = world(['10.0.0.0', '10.0.0.1'], {}, { outlierDetection })
      for (const each of steps) {
        if ('waitMs' in each) it.clock.advance(each.waitMs)
        else if ('hosts' in each)
          it.c.update(
            it.models(
              check,
              each.hosts.map((host) => `10.0.0.${host}`),
            ),
          )
        else if ('unfit' in each) {
          for (const one of it.c.endpoints()) if (one.model.address === `10.0.0.${each.unfit}`) it.c.reportUnfit(one)
        } else it.probes.get(`10.0.0.${each.host}`)?.answers(each.result)
        expect(it.clock.pendingTimers).toBeLessThanOrEqual(it.c.endpointCount)
        const picked = it.c.ready ? it.c.pick(anyEndpoint) : undefined
        if (picked !== undefined) expect(picked.health).not.toBe('unhealthy')
      }
      it.c.destroy()
      expect(it.clock.pendingTimers).toBe(0)
    }),
  )
})

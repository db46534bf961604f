// A cluster through its life: endpoints keep their identity, picks avoid what was tried, and it ends cleanly.
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { Cluster as Model, Endpoint as EndpointModel } from '../model/cluster.ts'
import { cluster as modelOf, endpoint, outlierDetection } from '../model/config.suite.ts'
import { Cluster, type ClusterHost } from './cluster.ts'
import type { Resolver } from './discovery.ts'
import { Draining } from './draining.ts'
import { type Connections, type Endpoint, endpointKey } from './endpoint.ts'
import { anyEndpoint, type Selecting } from './selecting.ts'
import type { Verdict } from './verdict.ts'

function world(seed = 1) {
  const clock = new VirtualClock()
  const log: string[] = []
  const questions: ((addresses: readonly string[]) => Promise<void>)[] = []
  const resolver: Resolver = {
    resolve: () =>
      new Promise((resolve) => {
        questions.push(async (addresses) => {
          resolve({ addresses, ttlMs: 60_000 })
          for (let turn = 0; turn < 5; turn++) await Promise.resolve()
        })
      }),
  }
  const house: ClusterHost = {
    clock,
    random: new SeededRandom(seed),
    resolver,
    draining: new Draining(),
    endpointEjected: (_, one, reason) => log.push(`${one.key} ejected: ${reason}`),
    endpointReturned: (_, one) => log.push(`${one.key} returned`),
    endpointHealthChanged: () => undefined,
  }
  const make = (endpoints: readonly (string | EndpointModel)[], more: Partial<Model> = {}): Cluster =>
    new Cluster(modelOf('c', endpoints, more), house)
  return { clock, log, house, make, questions }
}

const avoiding = (tried: readonly Endpoint[]): Selecting => ({ ...anyEndpoint, tried, avoidTried: true })
const keys = (cluster: Cluster): string[] => [...cluster.endpoints()].map(({ key }) => key)
const at = (cluster: Cluster, key: string): Endpoint => [...cluster.endpoints()].find((each) => each.key === key)!
const picks = (cluster: Cluster, count: number): string[] =>
  Array.from({ length: count }, () => cluster.pick(anyEndpoint)?.key ?? 'none')
const bad: Verdict = { kind: 'response', status: 503, grpcStatus: undefined, rateLimited: false }

/** Connections that note what happens to them. */
function connections(log: string[], name: string): Connections {
  return { open: 1, drain: () => log.push(`${name} drained`), destroy: () => log.push(`${name} destroyed`) }
}

describe('an endpoint', () => {
  test.each([
    ['10.0.0.1', 80, '10.0.0.1:80'],
    ['fd00::1', 80, '[fd00::1]:80'],
    ['name.test', 80, 'name.test:80'],
    ['unix:///run/x', 0, 'unix:///run/x'],
  ])('at %s port %i is %s', (address, port, key) => {
    expect(endpointKey({ address, port })).toBe(key)
  })

  test('keeps identity and numbers through updates that list its address', () => {
    const { make } = world()
    const it = make(['10.0.0.1', '10.0.0.2'])
    const kept = at(it, '10.0.0.1:80')
    kept.activeRequests = 3
    kept.totalRequests = 7
    it.update(modelOf('c', [endpoint('10.0.0.1', { weight: 9, labels: { version: 'v2' } }), '10.0.0.3']))
    expect(keys(it)).toEqual(['10.0.0.1:80', '10.0.0.3:80'])
    expect(at(it, '10.0.0.1:80')).toBe(kept)
    expect([kept.activeRequests, kept.totalRequests, kept.weight, kept.model.labels]).toEqual([
      3,
      7,
      9,
      { version: 'v2' },
    ])
  })

  test('that leaves is drained and never picked again; one that comes is picked', () => {
    const { make, log } = world()
    const it = make(['10.0.0.1', '10.0.0.2'])
    at(it, '10.0.0.1:80').connections.set(it, connections(log, 'one'))
    it.update(modelOf('c', ['10.0.0.2', '10.0.0.3']))
    expect(log).toEqual(['one drained'])
    expect(new Set(picks(it, 10))).toEqual(new Set(['10.0.0.2:80', '10.0.0.3:80']))
  })

  test('follows its health at once', () => {
    const { make } = world()
    const it = make(['10.0.0.1', '10.0.0.2'])
    it.update(modelOf('c', ['10.0.0.1', endpoint('10.0.0.2', { health: 'unhealthy' })]))
    expect(new Set(picks(it, 6))).toEqual(new Set(['10.0.0.1:80']))
    it.update(modelOf('c', ['10.0.0.1', '10.0.0.2']))
    expect(new Set(picks(it, 6)).size).toBe(2)
  })
})

describe('an update', () => {
  test('takes new limits, and keeps what is counted', () => {
    const { make } = world()
    const it = make(['10.0.0.1'])
    it.limits.tryRequest()
    const circuitBreakers = { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 }
    it.update(modelOf('c', ['10.0.0.1'], { circuitBreakers }))
    expect(it.limits.tryRequest()).toBe(false)
  })

  test('takes a new balancer', () => {
    const { make } = world()
    const it = make(['10.0.0.1', endpoint('10.0.0.2', { weight: 9 })])
    it.update({ ...it.model, loadBalancer: { kind: 'random' } })
    const ones = picks(it, 2_000).filter((key) => key === '10.0.0.1:80').length
    expect(Math.abs(ones - 1_000)).toBeLessThan(120)
  })

  test.each<[string, Partial<Model>, boolean]>([
    ['TLS', { tls: { subjectAltNames: [], verify: true } }, true],
    ['another protocol', { protocol: 'http2' }, true],
    ['another connect timeout', { connectTimeoutMs: 1 }, true],
    ['another balancer', { loadBalancer: { kind: 'random' } }, false],
    ['nothing new', {}, false],
  ])('with %s replaces connections: %3$s', (_, more, replaced) => {
    const { make, log } = world()
    const it = make(['10.0.0.1'])
    at(it, '10.0.0.1:80').connections.set(it, connections(log, 'one'))
    it.update({ ...it.model, ...more })
    expect(log).toEqual(replaced ? ['one drained'] : [])
    expect(at(it, '10.0.0.1:80').connections.size).toBe(replaced ? 0 : 1)
  })

  test('from names to addresses drops the names, their late answers, and lets go who waited', async () => {
    const { make, questions } = world()
    const it = make([], { discovery: { kind: 'strictDns', endpoints: [endpoint('a.test')] } })
    let found: string | undefined
    it.whenReady(() => (found = it.pick(anyEndpoint)?.key))
    it.update(modelOf('c', ['10.0.0.1']))
    expect([it.ready, found]).toEqual([true, '10.0.0.1:80'])
    await questions[0]!(['10.9.9.9'])
    expect(keys(it)).toEqual(['10.0.0.1:80'])
  })

  test('of an original destination keeps the endpoints it has met', () => {
    const { make } = world()
    const it = make([], { discovery: { kind: 'originalDestination' } })
    const met = it.endpointAt('10.0.0.1', 80)
    it.update({ ...it.model, discovery: { kind: 'originalDestination' } })
    expect(it.endpointAt('10.0.0.1', 80)).toBe(met)
    it.update({ ...it.model, discovery: { kind: 'originalDestination', port: 99 } })
    expect(it.endpointAt('10.0.0.1', 80).key).toBe('10.0.0.1:99')
  })
})

describe('picking', () => {
  test('C092 four tries on three hosts: the first three are distinct', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { make } = world(seed)
      const it = make(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
      const tried: Endpoint[] = []
      for (let attempt = 0; attempt < 4; attempt++) tried.push(it.pick(avoiding(tried))!)
      expect(new Set(tried.slice(0, 3)).size).toBe(3)
    }
  })

  test('a tried host is avoided five times, then taken', () => {
    const { make } = world()
    const it = make(['10.0.0.1'])
    const one = it.pick(anyEndpoint)!
    expect(it.pick(avoiding([one]))).toBe(one)
    // round robin moves on with each of the six picks
    const two = make(['10.0.0.1', '10.0.0.2'])
    const all = [...two.endpoints()]
    const next = two.peek(new SeededRandom(1))
    two.pick(avoiding(all))
    expect(two.peek(new SeededRandom(1))).toBe(next)
  })

  test('tried hosts are not avoided where the policy does not ask', () => {
    const { make } = world()
    const it = make(['10.0.0.1', '10.0.0.2'])
    const next = it.peek(new SeededRandom(1))!
    expect(it.pick({ ...avoiding([next]), avoidTried: false })).toBe(next)
  })

  test('without a usable endpoint there is nothing to pick', () => {
    const { make } = world()
    expect(make([]).pick(anyEndpoint)).toBeUndefined()
    expect(make([endpoint('10.0.0.1', { health: 'draining' })]).pick(anyEndpoint)).toBeUndefined()
    expect(make([]).peek(new SeededRandom(1))).toBeUndefined()
  })

  test('below the panic threshold all are picked from', () => {
    const { make } = world()
    const down = ['10.0.0.2', '10.0.0.3'].map((address) => endpoint(address, { health: 'unhealthy' }))
    const it = make(['10.0.0.1', ...down], { panicThreshold: 0.5 })
    expect([it.selection.panic, new Set(picks(it, 9)).size]).toEqual([[true], 3])
  })

  test('making and rebuilding a cluster spends no chance of the house', () => {
    const { make, house } = world()
    const foreseen = house.random.fork().uint32()
    const it = make(['10.0.0.1', endpoint('10.0.0.2', { weight: 2 })])
    it.update(modelOf('c', ['10.0.0.1', '10.0.0.2', '10.0.0.3']))
    expect(house.random.uint32()).toBe(foreseen)
  })
})

describe('outlier detection', () => {
  test('C104 when all are ejected there is nothing to pick', () => {
    const { make, log } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    for (const one of it.endpoints()) for (let i = 0; i < 5; i++) it.report(one, bad)
    expect([it.pick(anyEndpoint), log.length]).toEqual([undefined, 2])
  })

  test('an ejected endpoint returns to the picker', () => {
    const { make, clock, log } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    for (let i = 0; i < 5; i++) it.report(at(it, '10.0.0.1:80'), bad)
    expect(new Set(picks(it, 6))).toEqual(new Set(['10.0.0.2:80']))
    clock.advance(30_000)
    expect(new Set(picks(it, 6)).size).toBe(2)
    expect(log).toEqual(['10.0.0.1:80 ejected: 5 consecutive errors', '10.0.0.1:80 returned'])
  })

  test('overflow is no failure of the endpoint', () => {
    const { make } = world()
    const it = make(['10.0.0.1'], { outlierDetection })
    const one = at(it, '10.0.0.1:80')
    for (let i = 0; i < 9; i++) it.report(one, { kind: 'failure', failure: 'overflow', cause: undefined })
    expect([one.ejected, one.failedRequests]).toEqual([false, 0])
  })

  test('an endpoint that has left is not ejected by what its last calls report', () => {
    const { make, log, clock } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    const gone = at(it, '10.0.0.1:80')
    it.update(modelOf('c', ['10.0.0.2'], { outlierDetection }))
    for (let i = 0; i < 5; i++) it.report(gone, bad)
    expect([log, it.outlierDetector?.ejectedCount, clock.pendingTimers]).toEqual([[], 0, 0])
  })

  test('an ejected endpoint that leaves no longer counts, and comes back clean', () => {
    const { make } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    for (let i = 0; i < 5; i++) it.report(at(it, '10.0.0.1:80'), bad)
    it.update(modelOf('c', ['10.0.0.2'], { outlierDetection }))
    expect(it.outlierDetector?.ejectedCount).toBe(0)
    it.update(modelOf('c', ['10.0.0.1', '10.0.0.2'], { outlierDetection }))
    expect(at(it, '10.0.0.1:80').ejected).toBe(false)
  })

  test('when the policy is gone the ejected return and nothing ticks', () => {
    const { make, clock } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    for (let i = 0; i < 5; i++) it.report(at(it, '10.0.0.1:80'), bad)
    it.update(modelOf('c', ['10.0.0.1', '10.0.0.2']))
    expect([new Set(picks(it, 6)).size, clock.pendingTimers]).toEqual([2, 0])
  })

  test('a new policy holds for the counts there are', () => {
    const { make } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    const one = at(it, '10.0.0.1:80')
    for (let i = 0; i < 4; i++) it.report(one, bad)
    it.update({ ...it.model, outlierDetection: { ...outlierDetection, consecutive5xx: 6 } })
    it.report(one, bad)
    expect(one.ejected).toBe(false)
    it.report(one, bad)
    expect(one.ejected).toBe(true)
  })
})

describe('names', () => {
  const discovery = { kind: 'strictDns', endpoints: [endpoint('a.test:81')] } as const

  test('a cluster of names is ready once they are resolved', async () => {
    const { make, questions } = world()
    const it = make([], { discovery })
    expect([it.ready, questions.length]).toEqual([false, 0])
    let ready = false
    it.whenReady(() => (ready = true))
    await questions[0]!(['10.0.0.1', '10.0.0.2'])
    expect([ready, it.ready, keys(it)]).toEqual([true, true, ['10.0.0.1:81', '10.0.0.2:81']])
  })

  test('an answer that is too old serves once more and is renewed', async () => {
    const { make, questions, clock } = world()
    const it = make([], { discovery })
    it.whenReady(() => undefined)
    await questions[0]!(['10.0.0.1'])
    clock.advance(60_000)
    expect([picks(it, 2), questions.length]).toEqual([['10.0.0.1:81', '10.0.0.1:81'], 2])
    await questions[1]!(['10.0.0.2'])
    expect(picks(it, 1)).toEqual(['10.0.0.2:81'])
  })

  test('a cluster of names that are resolved at connect time is ready at once', () => {
    const { make, questions } = world()
    const it = make([], { discovery: { ...discovery, kind: 'logicalDns' } })
    expect([it.ready, picks(it, 1), questions.length]).toEqual([true, ['a.test:81'], 0])
  })
})

describe("the request's own address", () => {
  test('is an endpoint as long as something uses it', () => {
    const { make } = world()
    const it = make([], { discovery: { kind: 'originalDestination' }, outlierDetection })
    const one = it.endpointAt('10.0.0.1', 80)
    expect(it.endpointAt('10.0.0.1', 80)).toBe(one)
    one.activeRequests = 1
    expect(it.forget(one)).toBe(false)
    one.activeRequests = 0
    for (let i = 0; i < 5; i++) it.report(one, bad)
    expect([it.forget(one), it.forget(one), it.endpointCount]).toEqual([true, false, 0])
    expect(it.outlierDetector?.ejectedCount).toBe(0)
  })

  test('an endpoint of another kind is never forgotten', () => {
    const { make } = world()
    const it = make(['10.0.0.1'])
    expect([it.forget(at(it, '10.0.0.1:80')), it.endpointCount]).toEqual([false, 1])
  })
})

describe('the end', () => {
  test('a retired cluster drains, lets go who waits, and ticks no more', () => {
    const { make, log, clock } = world()
    const it = make(['10.0.0.1', '10.0.0.2'], { outlierDetection })
    at(it, '10.0.0.1:80').connections.set(it, connections(log, 'one'))
    for (let i = 0; i < 5; i++) it.report(at(it, '10.0.0.2:80'), bad)
    it.retire()
    expect([it.retired, log.at(-1), clock.pendingTimers]).toEqual([true, 'one drained', 0])
    for (let i = 0; i < 5; i++) it.report(at(it, '10.0.0.1:80'), bad)
    expect(clock.pendingTimers).toBe(0)
  })

  test('who waits for names hears of the end', () => {
    const { make } = world()
    const it = make([], { discovery: { kind: 'strictDns', endpoints: [endpoint('a.test')] } })
    let told = false
    it.whenReady(() => (told = it.retired))
    it.retire()
    expect(told).toBe(true)
  })

  test('a destroyed cluster destroys its connections', () => {
    const { make, log } = world()
    const it = make(['10.0.0.1'])
    at(it, '10.0.0.1:80').connections.set(it, connections(log, 'one'))
    it.destroy()
    expect([it.retired, log]).toEqual([true, ['one destroyed']])
  })
})

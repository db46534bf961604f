// The way to an endpoint: priority, locality, hosts, picker; SEMANTICS 6.1 to 6.3, 6.8, 5.4.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPicker } from '../balance/create.ts'
import { SeededRandom } from '../base/random.ts'
import type { Cluster as Model, Endpoint as EndpointModel, Locality } from '../model/cluster.ts'
import { cluster, endpoint } from '../model/config.suite.ts'
import { Endpoint } from './endpoint.ts'
import { exclusionsOf } from './exclusions.ts'
import type { MakePicker } from './host-source.ts'
import { anyEndpoint, type Selecting } from './selecting.ts'
import { Selection } from './selection.ts'

const zone = (name: string): Locality => ({ region: 'r', zone: name, subzone: '' })

function hosts(...said: readonly Partial<EndpointModel>[]): Endpoint[] {
  return said.map((more, i) => new Endpoint(endpoint(`10.0.0.${i}`, more)))
}

function select(
  endpoints: readonly Endpoint[],
  more: Partial<Model> = {},
  random = new SeededRandom(1),
  before?: Selection,
): Selection {
  const model = cluster('c', [], more)
  const make: MakePicker = (among, previous, shares) =>
    createPicker(model.loadBalancer, among, random.fork(), previous, { clock: { now: () => 0 }, shares })
  return new Selection(endpoints, model, random, make, before)
}

/** Percent of picks by endpoint, in order. */
function spread(selection: Selection, endpoints: readonly Endpoint[], selecting: Selecting = anyEndpoint): number[] {
  const random = new SeededRandom(5)
  const counts = new Map<Endpoint | undefined, number>()
  for (let i = 0; i < 10_000; i++) {
    const found = selection.pick(selecting, random)
    counts.set(found, (counts.get(found) ?? 0) + 1)
  }
  return endpoints.map((one) => Math.round((counts.get(one) ?? 0) / 100))
}

function expectNear(actual: readonly number[], expected: readonly number[], within = 2): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((value, i) =>
    expect(Math.abs(value - (expected[i] ?? 0)), `${actual.join()} for ${expected.join()}`).toBeLessThanOrEqual(within),
  )
}

describe('priorities', () => {
  test('C141 one healthy and one degraded host: 70 and 30', () => {
    const all = hosts({}, { health: 'degraded' })
    expectNear(spread(select(all), all), [70, 30])
  })

  test('C142 a priority with degraded hosts only leaves all to the next', () => {
    const all = hosts({ health: 'degraded' }, { priority: 1 })
    expectNear(spread(select(all), all), [0, 100], 0)
  })

  test('half of the first priority is 70 % of all', () => {
    const all = hosts({}, { health: 'unhealthy' }, { priority: 1 }, { priority: 1 })
    expectNear(spread(select(all), all), [70, 0, 15, 15])
  })

  test('the overprovisioning factor is what the cluster says', () => {
    const all = hosts({}, { health: 'unhealthy' }, { priority: 1 })
    expectNear(spread(select(all, { overprovisioningFactor: 1 }), all), [50, 0, 50])
    expectNear(spread(select(all, { overprovisioningFactor: 2 }), all), [100, 0, 0], 0)
  })

  test('in panic all hosts of a priority are used', () => {
    const all = hosts({}, { health: 'unhealthy' }, { health: 'draining' }, { health: 'unhealthy' })
    expectNear(spread(select(all, { panicThreshold: 0.5 }), all), [25, 25, 25, 25], 0)
  })

  test('C104 without a fit host and without panic there is none', () => {
    const all = hosts({ health: 'unhealthy' })
    const it = select(all)
    expect([it.pick(anyEndpoint, new SeededRandom(1)), it.peek(anyEndpoint, new SeededRandom(1))]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('C115 without locality settings the hosts of a priority are one flat set', () => {
    const all = hosts({ locality: zone('a') }, { locality: zone('b') }, { locality: { ...zone('a'), region: 'r2' } })
    expectNear(spread(select(all), all), [33, 33, 33])
  })

  test("a request's hash picks its priority, always the same one", () => {
    const all = hosts({}, { health: 'unhealthy' }, { priority: 1 })
    const it = select(all)
    const random = new SeededRandom(2)
    const at = (low: number, high = 0): string | undefined =>
      it.pick({ ...anyEndpoint, hashKey: { high, low } }, random)?.key
    expect(new Set(Array.from({ length: 10 }, () => at(69)))).toEqual(new Set(['10.0.0.0:80']))
    expect([at(0), at(69), at(70), at(99), at(100)]).toEqual([0, 0, 2, 2, 0].map((i) => `10.0.0.${i}:80`))
    // 2^32 + 4 is 4,294,967,300
    expect([at(4 + 69, 1), at(4 + 70, 1)]).toEqual(['10.0.0.0:80', '10.0.0.2:80'])
  })

  test('5.4 every second retry leaves out the priorities that were tried, until none is left', () => {
    const all = hosts({}, { priority: 1 }, { priority: 2 })
    const it = select(all)
    const random = new SeededRandom(3)
    const tried: Endpoint[] = []
    const order: number[] = []
    for (let attempt = 0; attempt < 8; attempt++) {
      const found = it.pick({ ...anyEndpoint, tried, otherPriorities: true }, random)!
      order.push(found.model.priority)
      tried.push(found)
    }
    expect(order).toEqual([0, 0, 1, 1, 2, 2, 0, 0])
  })

  test('where the other priorities are not fit the load stays', () => {
    const all = hosts({}, { priority: 1, health: 'unhealthy' })
    const tried = [all[0]!, all[0]!]
    expect(select(all).pick({ ...anyEndpoint, tried, otherPriorities: true }, new SeededRandom(1))).toBe(all[0])
  })
})

describe('weighted localities', () => {
  const weights = [
    { locality: zone('a'), priority: 0, weight: 80 },
    { locality: zone('b'), priority: 0, weight: 20 },
  ]
  const weighted = { localities: { kind: 'weighted', weights } } as const

  test('C117 localities share by weight, and one without a weight gets nothing', () => {
    const all = hosts({ locality: zone('a') }, { locality: zone('b') }, { locality: zone('c') })
    expectNear(spread(select(all, weighted), all), [80, 20, 0])
  })

  test('a locality that lost more than it can spare counts for less', () => {
    const a = { locality: zone('a') }
    const all = hosts(a, { ...a, health: 'unhealthy' }, { locality: zone('b') })
    // 80 * 1.4 / 2 = 56 against 20
    expectNear(spread(select(all, weighted), all), [74, 0, 26])
  })

  test('within a locality the balancer and its weights hold', () => {
    const all = hosts({ locality: zone('a'), weight: 3 }, { locality: zone('a') }, { locality: zone('b') })
    expectNear(spread(select(all, weighted), all), [60, 20, 20])
  })

  test('degraded hosts have their own division', () => {
    const all = hosts({ locality: zone('a'), health: 'degraded' }, { locality: zone('b'), health: 'degraded' })
    expectNear(spread(select(all, weighted), all), [80, 20])
  })

  test('where no locality has a weight the set is flat', () => {
    const all = hosts({ locality: zone('x') }, { locality: zone('y') })
    expectNear(spread(select(all, weighted), all), [50, 50], 0)
  })

  test('a consistent balancer gives localities their part of the keys', () => {
    const all = hosts({ locality: zone('a') }, { locality: zone('b') }, { locality: zone('c') })
    const it = select(all, { ...weighted, loadBalancer: { kind: 'maglev', tableSize: 65_537 } })
    const random = new SeededRandom(4)
    let a = 0
    for (let i = 0; i < 10_000; i++) {
      const hashKey = { high: random.uint32(), low: random.uint32() }
      const found = it.pick({ ...anyEndpoint, hashKey }, random)
      expect(found).not.toBe(all[2])
      if (found === all[0]) a++
    }
    expect(Math.abs(a / 10_000 - 0.8)).toBeLessThan(0.02)
  })
})

describe('zone aware routing, 6.8', () => {
  const many = (name: string, count: number): Partial<EndpointModel>[] =>
    Array.from({ length: count }, () => ({ locality: zone(name) }))
  const policy = (clients: Readonly<Record<string, number>>, more = {}): Partial<Model> => ({
    localities: {
      kind: 'zoneAware',
      own: zone('a'),
      clients: Object.entries(clients).map(([name, count]) => ({ locality: zone(name), count })),
      minClusterSize: 6,
      routingEnabled: 1,
      failTrafficOnPanic: false,
      ...more,
    },
  })
  const byZone = (selection: Selection, all: readonly Endpoint[]): number[] => {
    const shares = spread(selection, all)
    return ['a', 'b', 'c'].map((name) =>
      all.reduce((sum, one, i) => sum + (one.model.locality.zone === name ? (shares[i] ?? 0) : 0), 0),
    )
  }

  test('all stays where the own zone has its share of hosts', () => {
    const all = hosts(...many('a', 3), ...many('b', 3))
    expectNear(byZone(select(all, policy({ a: 1, b: 1 })), all), [99, 0, 0])
  })

  test('what the own zone cannot bear goes to zones with room', () => {
    // Envoy's example: clients 40/40/20, hosts 25/50/25 -> 62.5 % stay, the rest 2:1
    const all = hosts(...many('a', 2), ...many('b', 4), ...many('c', 2))
    expectNear(byZone(select(all, policy({ a: 4, b: 4, c: 2 })), all), [62, 25, 13], 3)
  })

  test('without hosts in the own zone others share by their room', () => {
    const all = hosts(...many('b', 4), ...many('c', 4))
    expectNear(byZone(select(all, policy({ a: 2, b: 1, c: 1 })), all), [0, 50, 50], 3)
  })

  test.each<[why: string, hosts: readonly Partial<EndpointModel>[], more: Partial<Model>]>([
    ['too few hosts', [...many('a', 2), ...many('b', 3)], policy({ a: 1, b: 1 })],
    ['clients in one zone only', [...many('a', 2), ...many('b', 4)], policy({ a: 1 })],
    ['no clients in the own zone', [...many('a', 2), ...many('b', 4)], policy({ b: 1, c: 1 })],
    ['switched off', [...many('a', 3), ...many('b', 3)], policy({ a: 1, b: 1 }, { routingEnabled: 0 })],
  ])('with %s the set is flat', (_, said, more) => {
    const all = hosts(...said)
    const flat = Math.round(100 / all.length)
    expectNear(
      spread(select(all, more), all),
      all.map(() => flat),
    )
  })

  test('failTrafficOnPanic uses none instead of all', () => {
    const all = hosts({}, ...Array.from({ length: 5 }, () => ({ health: 'unhealthy' }) as const))
    const more = { ...policy({ a: 1, b: 1 }, { failTrafficOnPanic: true }), panicThreshold: 0.5 }
    expect(select(all, more).pick(anyEndpoint, new SeededRandom(1))).toBeUndefined()
  })
})

describe('an aperture', () => {
  test('keeps to so many hosts, the same ones for the same process, others for others', () => {
    const all = hosts(...Array.from({ length: 50 }, () => ({})))
    const within = (seed: number): (Endpoint | undefined)[] => {
      const it = select(all, { aperture: { size: 10, seed } })
      return [...new Set(Array.from({ length: 50 }, () => it.pick(anyEndpoint, new SeededRandom(1))))]
    }
    expect(within(1)).toHaveLength(10)
    expect(new Set(within(1))).toEqual(new Set(within(1)))
    expect(within(2)).not.toEqual(within(1))
  })

  test('over many processes every host is used about equally, and one that leaves moves only its share', () => {
    const all = hosts(...Array.from({ length: 40 }, () => ({})))
    const uses = new Map<Endpoint, number>()
    let moved = 0
    for (let seed = 0; seed < 400; seed++) {
      const more = { aperture: { size: 10, seed } }
      const before = select(all, more).sources()[0]?.hosts ?? []
      for (const one of before) uses.set(one, (uses.get(one) ?? 0) + 1)
      const after = select(all.slice(1), more).sources()[0]?.hosts ?? []
      moved += after.filter((one) => !before.includes(one)).length
    }
    // 100 each; a tenth of ten hosts is replaced by another in a quarter of the processes
    for (const count of uses.values()) expect(Math.abs(count - 100)).toBeLessThan(40)
    expect(moved).toBe(uses.get(all[0]!))
  })

  test('an unfit host is replaced by the next', () => {
    const all = hosts(...Array.from({ length: 20 }, () => ({})))
    const [first] = select(all, { aperture: { size: 5, seed: 1 } }).sources()[0]?.hosts ?? []
    first!.ejected = true
    const it = select(all, { aperture: { size: 5, seed: 1 } })
    expect(it.sources()[0]?.hosts).toHaveLength(5)
    expect(exclusionsOf(it)(first!)).toBe('ejected by outlier detection')
    expect(all.filter((one) => exclusionsOf(it)(one) === "outside of this process's 5")).toHaveLength(14)
  })
})

describe('when hosts change', () => {
  test('each source keeps its own rotation', () => {
    const all = hosts({}, {}, {}, { priority: 1 })
    const random = new SeededRandom(1)
    const before = select(all, {}, random)
    const last = before.pick(anyEndpoint, random)!
    const after = select(hosts({}, {}, {}, { priority: 1 }, { priority: 1 }), {}, random, before)
    const next = after.pick(anyEndpoint, random)!
    expect(Number(next.model.address.at(-1))).toBe((Number(last.model.address.at(-1)) + 1) % 3)
  })
})

const anyHealth = fc.constantFrom('healthy', 'degraded', 'unhealthy', 'draining')
const anyHost = fc.record({
  health: anyHealth,
  priority: fc.nat(3),
  locality: fc.constantFrom('a', 'b', 'c').map(zone),
})

test('never an excluded host, unless there is panic; and the pick is what was peeked', () => {
  fc.assert(
    fc.property(
      fc.array(anyHost, { maxLength: 12 }),
      fc.constantFrom(0, 0.5),
      fc.boolean(),
      fc.integer(),
      (said, panicThreshold, weighted, seed) => {
        const all = hosts(...said)
        const weights = [{ locality: zone('a'), priority: 0, weight: 2 }]
        const it = select(all, { panicThreshold, ...(weighted ? { localities: { kind: 'weighted', weights } } : {}) })
        const random = new SeededRandom(seed)
        const exclusion = exclusionsOf(it)
        for (let i = 0; i < 20; i++) {
          const peeked = it.peek(anyEndpoint, random.fork())?.endpoint
          const found = it.pick(anyEndpoint, random)
          expect(found).toBe(peeked)
          if (found === undefined) expect(all.every((one) => exclusion(one) !== undefined)).toBe(true)
          else {
            expect(exclusion(found)).toBeUndefined()
            if (panicThreshold === 0) expect(['healthy', 'degraded']).toContain(found.model.health)
          }
        }
      },
    ),
  )
})

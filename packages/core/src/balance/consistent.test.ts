// Ring hash and Maglev to the bit as Envoy has them, SEMANTICS 6.6 and appendix B; and how large tables come and go.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { xxHash64 } from '../base/hash.ts'
import { SeededRandom } from '../base/random.ts'
import { Slices } from '../base/slices.ts'
import type { LoadBalancer } from '../model/cluster.ts'
import { createPicker } from './create.ts'
import { type HashTable, membersOf, type TableKind } from './hash-table.ts'
import { maglevKind } from './maglev.ts'
import type { HashKey, Picker } from './picker.ts'
import { pickerSuite, type TestHost } from './picker.suite.ts'
import { ringKind } from './ring-hash.ts'

const ring: LoadBalancer = { kind: 'ringHash', minimumRingSize: 1_024 }
const maglev: LoadBalancer = { kind: 'maglev', tableSize: 65_537 }
const random = new SeededRandom(1)

const even = { weights: [1, 1, 1, 1], shares: [0.25, 0.25, 0.25, 0.25] }
const uneven = { weights: [1, 3, 4], shares: [1 / 8, 3 / 8, 4 / 8] }
pickerSuite(
  'createPicker ringHash',
  (hosts, _, previous) => createPicker({ kind: 'ringHash', minimumRingSize: 16_384 }, hosts, random, previous),
  { shares: [even, uneven] },
)
pickerSuite(
  'createPicker maglev',
  (hosts, _, previous) => createPicker({ kind: 'maglev', tableSize: 4_099 }, hosts, random, previous),
  { shares: [even, uneven] },
)

function addressed(addresses: readonly string[], weights: readonly number[] = []): TestHost[] {
  return addresses.map((key, i) => ({ name: `h${i + 1}`, key, weight: weights[i] ?? 1, activeRequests: 0 }))
}

function keyOf(text: string): HashKey {
  const key = { high: 0, low: 0 }
  xxHash64(text, key)
  return key
}

function manyHosts(count: number, from = 0): TestHost[] {
  return addressed(Array.from({ length: count }, (_, i) => `10.${from}.${i >>> 8}.${i & 255}:80`))
}

/** How many entries each member has. */
function entriesOf(kind: TableKind, hosts: readonly TestHost[]): number[] {
  const build = kind.build(membersOf(hosts, 'address'), Infinity)
  while (!build.step());
  const table = build.table as HashTable & { owner?: Uint32Array; slots?: Uint32Array }
  const counts = hosts.map(() => 0)
  // Maglev counts from 1
  const owners = table.owner ?? table.slots?.map((number) => number - 1) ?? []
  for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1
  return counts
}

describe('appendix B', () => {
  const hosts = addressed(['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080'])

  test.each([
    ['jason', 'h2', 'h1', 'h3'],
    ['alice', 'h3', 'h2', 'h2'],
    ['user1', 'h2', 'h3', 'h1'],
  ])('C111 the key %s finds %s on the ring, %s at its second attempt, and %s by Maglev', (key, first, second, slot) => {
    const picker = createPicker(ring, hosts, random)
    expect(picker.pick(random, keyOf(key))?.name).toBe(first)
    expect(picker.pick(random, keyOf(key), 1)?.name).toBe(second)
    expect(createPicker(maglev, hosts, random).pick(random, keyOf(key))?.name).toBe(slot)
  })

  test.each([
    ['jason', 'h1', 'h3'],
    ['alice', 'h3', 'h1'],
    ['bob', 'h1', 'h2'],
  ])('as observed on Envoy, %s finds %s and %s', (key, onRing, slot) => {
    const local = addressed(['127.0.0.1:26001', '127.0.0.1:26002', '127.0.0.1:26003'])
    expect(createPicker(ring, local, random).pick(random, keyOf(key))?.name).toBe(onRing)
    expect(createPicker(maglev, local, random).pick(random, keyOf(key))?.name).toBe(slot)
  })

  test('tables have as many entries for each host as Envoy gives it', () => {
    expect(entriesOf(ringKind(1_024), hosts)).toEqual([342, 342, 342])
    expect(entriesOf(maglevKind(65_537), hosts)).toEqual([21_846, 21_846, 21_845])
    expect(entriesOf(ringKind(1_024), addressed(['a:1', 'b:1'], [1, 3]))).toEqual([256, 768])
    expect(entriesOf(ringKind(6, 6), addressed(['a:1', 'b:1', 'c:1', 'd:1']))).toEqual([2, 1, 2, 1])
  })

  test("Maglev's other attempts turn on the hash with the attempt taken from it", () => {
    const picker = createPicker(maglev, hosts, random)
    const { high, low } = keyOf('jason')
    for (let attempt = 1; attempt < 4; attempt++) {
      const other = { high: ~high >>> 0, low: (low ^ -attempt) >>> 0 }
      expect(picker.pick(random, keyOf('jason'), attempt)).toBe(picker.pick(random, other))
    }
  })
})

describe('the ring', () => {
  test('a key finds the first point that is not before it, and past the last one the first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.string()),
        (weights, size, keys) => {
          const hosts = addressed(
            weights.map((_, i) => `h${i}:1`),
            weights,
          )
          const build = ringKind(size).build(membersOf(hosts, 'address'), Infinity)
          while (!build.step());
          const points = entriesOf(ringKind(size), hosts)
            .flatMap((count, owner) =>
              Array.from({ length: count }, (_, i) => ({ ...keyOf(`h${owner}:1_${i}`), owner })),
            )
            .sort((a, b) => a.high - b.high || a.low - b.low)
          for (const text of keys) {
            const key = keyOf(text)
            const found = points.find(
              (point) => point.high > key.high || (point.high === key.high && point.low >= key.low),
            )
            expect(build.table.find(key.high, key.low, 0)).toBe((found ?? points[0])?.owner)
          }
          for (const { high, low, owner } of points) expect(build.table.find(high, low, 0)).toBe(owner)
          expect(build.table.find(0xffffffff, 0xffffffff, 0)).toBe(points[0]?.owner)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe.each([
  ['ring hash', { kind: 'ringHash', minimumRingSize: 4_096 }],
  ['Maglev', { kind: 'maglev', tableSize: 4_099 }],
] as const)('%s', (_, policy) => {
  const keys = Array.from({ length: 2_000 }, (_, i) => keyOf(`user ${i}`))

  test('C113 the same key finds the same host, whatever is picked between', () => {
    const hosts = manyHosts(20)
    const picker = createPicker<TestHost>(policy, hosts, random)
    const again = createPicker<TestHost>(policy, manyHosts(20), random)
    for (const key of keys.slice(0, 200)) {
      const host = picker.pick(random, key)
      picker.pick(random)
      expect(picker.pick(random, key)).toBe(host)
      expect(again.pick(random, key)?.key).toBe(host?.key)
    }
  })

  test('an endpoint that leaves or moves takes few keys but its own with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (count, which) => {
        const hosts = manyHosts(count)
        const moved = hosts.with(which % count, { ...hosts[which % count]!, key: '10.9.9.9:80' })
        const before = createPicker<TestHost>(policy, hosts, random)
        const after = createPicker<TestHost>(policy, moved, random)
        const changed = keys.filter((key) => before.pick(random, key)?.key !== after.pick(random, key)?.key)
        // those of the one that left and those that the one that came takes from others
        expect(changed.length / keys.length).toBeLessThan(2 / count + 0.1)
        const strayed = changed.filter(
          (key) =>
            before.pick(random, key)?.key !== hosts[which % count]!.key &&
            after.pick(random, key)?.key !== '10.9.9.9:80',
        )
        expect(strayed.length / keys.length).toBeLessThan(0.08)
      }),
      { numRuns: 20 },
    )
  })

  test('hosts are known by address, by host name where that is said, or by a name of their own', () => {
    const named = addressed(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80']).map((host, i) => ({
      ...host,
      hostname: `n${i}`,
    }))
    const byName = createPicker<TestHost>({ ...policy, hashKey: 'hostname' }, named, random)
    const sameNames = createPicker<TestHost>(policy, addressed(['n0', 'n1', 'n2']), random)
    const own = createPicker<TestHost>(
      policy,
      named.map((host, i) => ({ ...host, hashName: `n${i}` })),
      random,
    )
    for (const key of keys.slice(0, 100)) {
      expect(byName.pick(random, key)?.name).toBe(sameNames.pick(random, key)?.name)
      expect(own.pick(random, key)?.name).toBe(sameNames.pick(random, key)?.name)
    }
  })
})

describe('a large table', () => {
  const large: LoadBalancer = { kind: 'ringHash', minimumRingSize: 100_000 }
  const key = keyOf('jason')
  const manyKeys = Array.from({ length: 300 }, (_, i) => keyOf(`k${i}`))

  function world(): {
    clock: VirtualClock
    slices: Slices
    make: (hosts: readonly TestHost[], previous?: Picker<TestHost>) => Picker<TestHost>
  } {
    const clock = new VirtualClock()
    const slices = new Slices(clock)
    return { clock, slices, make: (hosts, previous) => createPicker(large, hosts, random, previous, { clock, slices }) }
  }

  test.each<[string, LoadBalancer]>([
    ['ring', large],
    ['Maglev table', { kind: 'maglev', tableSize: 262_147 }],
  ])('%s is built in pieces; a small one serves until it is there', (_, policy) => {
    const clock = new VirtualClock()
    const hosts = manyHosts(100)
    const picker = createPicker<TestHost>(policy, hosts, random, undefined, { clock, slices: new Slices(clock) })
    expect(hosts).toContain(picker.pick(random, key))
    let turns = 0
    for (; clock.pendingTimers > 0; turns++) {
      clock.advance(1)
      expect(hosts).toContain(picker.pick(random, key))
    }
    expect(turns).toBeGreaterThan(1)
    const atOnce = createPicker<TestHost>(policy, hosts, random)
    for (const each of manyKeys) expect(picker.pick(random, each)).toBe(atOnce.pick(random, each))
  })

  test('while it is built anew the one before serves, but never a host that has left', () => {
    const { clock, make } = world()
    const hosts = manyHosts(50)
    const before = make(hosts)
    clock.advance(1_000)
    const left = hosts.filter((_, i) => i % 3 !== 0)
    const picker = make([...left, ...manyHosts(1, 1)], before)
    for (const each of manyKeys) {
      const host = picker.pick(random, each)
      expect(left).toContain(host)
      const old = before.pick(random, each)
      if (old !== undefined && left.includes(old)) expect(host).toBe(old)
    }
    clock.advance(1_000)
    const fresh = createPicker(large, [...left, ...manyHosts(1, 1)], random)
    for (const each of manyKeys) expect(picker.pick(random, each)?.key).toBe(fresh.pick(random, each)?.key)
  })

  test('when few hosts are left of the one before, a small table serves', () => {
    const { clock, make } = world()
    const before = make(manyHosts(50))
    clock.advance(1_000)
    const next = manyHosts(50, 1)
    const picker = make(next, before)
    for (const each of manyKeys) expect(next).toContain(picker.pick(random, each))
  })

  test('a change while it is built drops what was begun', () => {
    const { clock, make } = world()
    const hosts = manyHosts(50)
    const first = make(hosts)
    clock.advance(1)
    const second = make(hosts.slice(1), first)
    clock.advance(1_000)
    const atOnce = createPicker(large, hosts.slice(1), random)
    for (const each of manyKeys) expect(second.pick(random, each)).toBe(atOnce.pick(random, each))
    expect(clock.pendingTimers).toBe(0)
  })

  test('what changes neither hosts nor weights builds nothing', () => {
    const { make } = world()
    const hosts = manyHosts(50)
    const first = make(hosts)
    expect(make([...hosts], first)).toBe(first)
    hosts[0] = { ...hosts[0]!, weight: 2 }
    expect(make(hosts, first)).not.toBe(first)
  })

  test('two hosts of whom one leaves need no table any more', () => {
    const { clock, make } = world()
    const hosts = manyHosts(2)
    const first = make(hosts)
    const alone = make(hosts.slice(1), first)
    expect(alone.pick(random, key)).toBe(hosts[1])
    expect(clock.pendingTimers).toBe(0)
    const both = make(hosts, alone)
    expect(hosts).toContain(both.pick(random, key))
  })
})

// What every picker must do, whatever its algorithm. A picker's test calls `pickerSuite` and adds what is its own.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Random, SeededRandom } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

export interface TestHost extends Balanced {
  readonly name: string
  activeRequests: number
}

export function hostsOf(...weights: readonly number[]): TestHost[] {
  return weights.map((weight, i) => {
    const name = String.fromCharCode(97 + i)
    return { name, key: name, weight, activeRequests: 0 }
  })
}

/** How often each host is picked, in the hosts' order; every pick is over at once. */
export function countPicks(
  picker: Picker<TestHost>,
  hosts: readonly TestHost[],
  picks: number,
  random: Random,
): number[] {
  const counts = new Map(hosts.map((host) => [host, 0]))
  for (let i = 0; i < picks; i++) {
    const host = picker.pick(random)
    if (host !== undefined) counts.set(host, (counts.get(host) ?? 0) + 1)
  }
  return [...counts.values()]
}

export interface PickerTraits {
  /** The long-run share of each of these hosts, idle all the time. */
  readonly shares: readonly { readonly weights: readonly number[]; readonly shares: readonly number[] }[]
}

export function pickerSuite(
  name: string,
  make: (hosts: readonly TestHost[], random: Random, previous?: Picker<TestHost>) => Picker<TestHost>,
  traits: PickerTraits,
): void {
  const weights = fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 12 })

  describe(name, () => {
    test('built with no hosts it picks nothing', () => {
      const random = new SeededRandom(1)
      const picker = make([], random)
      expect([picker.peek(random), picker.pick(random), picker.pick(random)]).toEqual([undefined, undefined, undefined])
    })

    test('a single host is always picked', () => {
      const random = new SeededRandom(1)
      const hosts = hostsOf(5)
      expect(countPicks(make(hosts, random), hosts, 20, random)).toEqual([20])
    })

    test('only hosts that it was built with are picked, the hosts themselves', () => {
      fc.assert(
        fc.property(weights, fc.integer(), (w, seed) => {
          const random = new SeededRandom(seed)
          const hosts = hostsOf(...w)
          const picker = make(hosts, random)
          for (let i = 0; i < 50; i++) expect(hosts).toContain(picker.pick(random))
        }),
      )
    })

    test('peek is the next pick, and changes nothing', () => {
      fc.assert(
        fc.property(weights, fc.integer(), fc.array(fc.nat(3), { maxLength: 40 }), (w, seed, loads) => {
          const random = new SeededRandom(seed)
          const hosts = hostsOf(...w)
          const picker = make(hosts, random)
          loads.forEach((load, i) => {
            hosts[i % hosts.length]!.activeRequests = load
            const peeked = picker.peek(random.fork())
            expect(picker.peek(random.fork())).toBe(peeked)
            expect(picker.pick(random)).toBe(peeked)
          })
        }),
      )
    })

    test('a picker that replaces another knows only its own hosts', () => {
      const random = new SeededRandom(4)
      const before = make(hostsOf(1, 2, 3), random)
      for (let i = 0; i < 7; i++) before.pick(random)
      const hosts = hostsOf(1, 1)
      const counts = countPicks(make(hosts, random, before), hosts, 100, random)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100)
      expect(counts).toHaveLength(2)
    })

    test.each(traits.shares)('hosts of weights $weights are picked in shares of $shares', ({ weights: w, shares }) => {
      const random = new SeededRandom(11)
      const hosts = hostsOf(...w)
      const counts = countPicks(make(hosts, random), hosts, 8_000, random)
      shares.forEach((share, i) => expect(Math.abs((counts[i] ?? 0) / 8_000 - share)).toBeLessThan(0.02))
    })
  })
}

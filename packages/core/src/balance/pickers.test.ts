// All balancers against the one suite, and what is particular to each, SEMANTICS 6.4.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { createPicker } from './create.ts'
import { EdfPicker } from './edf.ts'
import { LeastRequestPicker } from './least-request.ts'
import { type PickerTraits, countPicks, hostsOf, pickerSuite, type TestHost } from './picker.suite.ts'
import { RandomPicker } from './random-picker.ts'
import { RoundRobinPicker } from './round-robin.ts'

const even: PickerTraits['shares'][number] = { weights: [1, 1, 1, 1], shares: [0.25, 0.25, 0.25, 0.25] }
const weighted: PickerTraits['shares'][number] = { weights: [1, 3, 4], shares: [1 / 8, 3 / 8, 4 / 8] }
const ignored: PickerTraits['shares'][number] = { weights: [1, 9], shares: [0.5, 0.5] }

pickerSuite('RoundRobinPicker', (hosts, random, previous) => new RoundRobinPicker(hosts, random, previous), {
  shares: [even],
})
pickerSuite('RandomPicker', (hosts) => new RandomPicker(hosts), { shares: [even, ignored] })
pickerSuite('LeastRequestPicker', (hosts) => new LeastRequestPicker(hosts, 2), { shares: [even] })
pickerSuite('EdfPicker', (hosts, random) => new EdfPicker(hosts, (host) => host.weight, random), {
  shares: [even, weighted],
})
for (const [kind, shares] of [
  ['roundRobin', [even, weighted]],
  ['random', [even, ignored]],
] as const) {
  pickerSuite(`createPicker ${kind}`, (hosts, random, previous) => createPicker({ kind }, hosts, random, previous), {
    shares,
  })
}
pickerSuite(
  'createPicker leastRequest',
  (hosts, random, previous) => createPicker({ kind: 'leastRequest', choices: 2 }, hosts, random, previous),
  { shares: [even, weighted] },
)

describe('round robin', () => {
  test('every host has its turn, in order', () => {
    const random = new SeededRandom(5)
    const hosts = hostsOf(1, 1, 1)
    const picker = new RoundRobinPicker(hosts, random)
    const names = Array.from({ length: 6 }, () => picker.pick()?.name).join('')
    expect('abcabcabc').toContain(names)
  })

  test('it starts anywhere', () => {
    const starts = Array.from({ length: 40 }, (_, seed) =>
      new RoundRobinPicker(hostsOf(1, 1, 1), new SeededRandom(seed)).pick(),
    )
    expect(new Set(starts.map((host) => host?.name)).size).toBe(3)
  })

  test('the rotation goes on when membership changes', () => {
    const random = new SeededRandom(5)
    const before = new RoundRobinPicker(hostsOf(1, 1, 1), random)
    const last = before.pick()?.name ?? ''
    const after = new RoundRobinPicker(hostsOf(1, 1, 1), random, before)
    expect(after.pick()?.name).toBe({ a: 'b', b: 'c', c: 'a' }[last])
  })

  test('C110 weights 1 and 3 give 1000 and 3000 of 4000 picks', () => {
    const random = new SeededRandom(8)
    const hosts = hostsOf(1, 3)
    const [a = 0, b = 0] = countPicks(createPicker({ kind: 'roundRobin' }, hosts, random), hosts, 4_000, random)
    expect(Math.abs(a - 1_000)).toBeLessThanOrEqual(1)
    expect(Math.abs(b - 3_000)).toBeLessThanOrEqual(1)
  })
})

describe('random', () => {
  test('C109 weights 1 and 9 give half and half', () => {
    const random = new SeededRandom(9)
    const hosts = hostsOf(1, 9)
    const [a = 0] = countPicks(createPicker({ kind: 'random' }, hosts, random), hosts, 10_000, random)
    expect(Math.abs(a - 5_000)).toBeLessThan(200)
  })
})

describe('least request', () => {
  test('C108 a busy host of two is picked only when both draws fall on it', () => {
    const random = new SeededRandom(10)
    const hosts = hostsOf(1, 1)
    hosts[0]!.activeRequests = 5
    const [a = 0] = countPicks(new LeastRequestPicker(hosts, 2), hosts, 10_000, random)
    expect(Math.abs(a - 2_500)).toBeLessThan(150)
  })

  test('a tie keeps the one drawn first', () => {
    const random = new SeededRandom(11)
    const hosts = hostsOf(1, 1, 1, 1)
    const alike = new LeastRequestPicker(hosts, 5)
    const single = new LeastRequestPicker(hosts, 1)
    for (let i = 0; i < 20; i++) {
      const fork = random.fork()
      expect(alike.pick(random)).toBe(single.pick(fork))
    }
  })

  test('more choices find the idle host more often', () => {
    const hosts = hostsOf(1, 1, 1, 1)
    for (const busy of hosts.slice(1)) busy.activeRequests = 1
    const share = (choices: number): number => {
      const random = new SeededRandom(12)
      return (countPicks(new LeastRequestPicker(hosts, choices), hosts, 4_000, random)[0] ?? 0) / 4_000
    }
    expect(share(2)).toBeCloseTo(1 - 0.75 ** 2, 1)
    expect(share(5)).toBeCloseTo(1 - 0.75 ** 5, 1)
  })

  test('with weights, load shrinks the weight: a busy host gets its share of the idle rest', () => {
    const random = new SeededRandom(13)
    const hosts = hostsOf(2, 1)
    hosts[0]!.activeRequests = 3
    const picker = createPicker<TestHost>({ kind: 'leastRequest', choices: 2 }, hosts, random)
    const [a = 0, b = 0] = countPicks(picker, hosts, 6_000, random)
    // 2 / (3 + 1) against 1
    expect(a / b).toBeCloseTo(0.5, 1)
  })
})

describe('earliest deadline first', () => {
  const order = (weights: readonly number[], picks: number): string => {
    const none = { uint32: () => 0, fork: () => none }
    const picker = new EdfPicker(hostsOf(...weights), (host) => host.weight, none)
    return Array.from({ length: picks }, () => picker.pick()?.name).join('')
  }

  test('the smallest deadline is next; ties go to the one inserted first', () => {
    expect(order([1, 1, 1], 6)).toBe('abcabc')
    // deadlines a 0, 1, 2; b 0, 1/2, 1, 3/2: at 1 a was inserted before b
    expect(order([1, 2], 6)).toBe('abbabb')
    expect(order([1, 3], 8)).toMatch(/^(?=(.*a){2})(?=(.*b){6})/)
  })

  test('a host comes back with the weight it has then', () => {
    const hosts = hostsOf(1, 1)
    const weights = new Map(hosts.map((host) => [host, 1]))
    const none = { uint32: () => 0, fork: () => none }
    const picker = new EdfPicker(hosts, (host) => weights.get(host) ?? 1, none)
    expect(picker.pick()?.name).toBe('a')
    weights.set(hosts[1]!, 1 / 4)
    expect(picker.pick()?.name).toBe('b')
    expect(Array.from({ length: 5 }, () => picker.pick()?.name).join('')).toBe('aaaba')
  })

  test('in every stretch of as many picks as there are weights each host is picked about its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 8 }), fc.integer(), (w, seed) => {
        const random = new SeededRandom(seed)
        const hosts = hostsOf(...w)
        const total = w.reduce((sum, weight) => sum + weight, 0)
        const counts = countPicks(new EdfPicker(hosts, (host) => host.weight, random), hosts, total * 10, random)
        counts.forEach((count, i) => expect(Math.abs(count - w[i]! * 10)).toBeLessThanOrEqual(hosts.length))
      }),
    )
  })

  test('clients do not move in step: the start is random', () => {
    const firsts = Array.from({ length: 40 }, (_, seed) =>
      new EdfPicker(hostsOf(1, 2, 3), (host) => host.weight, new SeededRandom(seed)).pick(),
    )
    expect(new Set(firsts.map((host) => host?.name)).size).toBeGreaterThan(1)
  })
})

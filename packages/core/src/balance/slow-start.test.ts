// New hosts get their full share bit by bit, SEMANTICS 6.5.
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { LoadBalancer, SlowStart } from '../model/cluster.ts'
import { createPicker } from './create.ts'
import type { Picker } from './picker.ts'
import { countPicks, hostsOf, pickerSuite, type TestHost } from './picker.suite.ts'
import { RoundRobinPicker } from './round-robin.ts'
import { slowStartFactor, SlowStartPicker } from './slow-start.ts'

const policy: SlowStart = { windowMs: 10_000, aggression: 1, minWeight: 0.1 }

/** Hosts a, b, ...; of each, how long it has served at the clock's zero. Undefined: long since. */
function aged(...ages: readonly (number | undefined)[]): TestHost[] {
  return hostsOf(...ages.map(() => 1)).map((host, i) => {
    const age = ages[i]
    return age === undefined ? host : { ...host, healthySinceMs: 1_000_000 - age }
  })
}

function world(balancer: LoadBalancer, hosts: readonly TestHost[], slowStart: SlowStart = policy) {
  const clock = new VirtualClock(1_000_000)
  const random = new SeededRandom(3)
  const picker: Picker<TestHost> = createPicker(balancer, hosts, random, undefined, { clock, slowStart })
  const shares = (): number[] => countPicks(picker, hosts, 2_000, random).map((count) => count / 2_000)
  return { clock, picker, shares }
}

pickerSuite(
  'SlowStartPicker',
  (hosts, random) =>
    createPicker(
      { kind: 'roundRobin' },
      hosts.map((host) => Object.assign(host, { healthySinceMs: 0 })),
      random,
      undefined,
      {
        clock: { now: () => 5_000 },
        slowStart: policy,
      },
    ),
  {
    shares: [
      { weights: [1, 1], shares: [0.5, 0.5] },
      { weights: [1, 3], shares: [0.25, 0.75] },
    ],
  },
)

test.each([
  [0, 1, 0.1],
  [500, 1, 0.1],
  [5_000, 1, 0.5],
  [9_999, 1, 0.9999],
  [10_000, 1, 1],
  [1_000_000, 1, 1],
  [2_500, 2, 0.5],
  [2_500, 0.5, 0.1],
])('a host of %i ms with aggression %f has %f of its weight', (age, aggression, factor) => {
  expect(slowStartFactor(age, { ...policy, aggression })).toBeCloseTo(factor, 4)
})

test('without a minimum a host of no age still has some weight', () => {
  expect(slowStartFactor(0, { ...policy, minWeight: 0 })).toBe(1 / 10_000)
})

describe.each<LoadBalancer>([{ kind: 'roundRobin' }, { kind: 'leastRequest', choices: 2 }])('$kind', (balancer) => {
  test('a new host gets a growing share, then its whole share from a plain picker', () => {
    const { clock, shares } = world(balancer, aged(undefined, 0))
    expect(shares()[1]).toBeCloseTo(0.1 / 1.1, 1)
    clock.advance(5_000)
    expect(shares()[1]).toBeCloseTo(0.5 / 1.5, 1)
    clock.advance(5_000)
    expect(shares()[1]).toBeCloseTo(0.5, 1)
  })

  test('hosts that are all new are alike', () => {
    const { shares } = world(balancer, aged(0, 0, 0, 0))
    for (const share of shares()) expect(share).toBeCloseTo(0.25, 1)
  })

  test('when no host is new the picker is the plain one from the start', () => {
    expect(world(balancer, aged(undefined, 10_000)).picker).not.toBeInstanceOf(SlowStartPicker)
  })
})

test('random and others do not look at age', () => {
  const { shares } = world({ kind: 'random' }, aged(undefined, 0))
  expect(shares()[1]).toBeCloseTo(0.5, 1)
})

test('a host that came within the window of another prolongs it', () => {
  const { clock, picker } = world({ kind: 'roundRobin' }, aged(9_000, 1_000))
  clock.advance(8_999)
  picker.pick(new SeededRandom(1))
  expect(picker).toBeInstanceOf(SlowStartPicker)
  expect(picker).not.toBeInstanceOf(RoundRobinPicker)
})

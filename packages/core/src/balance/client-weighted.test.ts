// Client-side weighted round robin, SEMANTICS 6.9: weight = rate / (utilisation + penalty * errors / rate).
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { ClientWeightedRoundRobin } from '../model/cluster.ts'
import { ClientWeightedPicker } from './client-weighted.ts'
import { countPicks, hostsOf, pickerSuite, type TestHost } from './picker.suite.ts'
import { type LoadReport, ReportedLoad } from './reported-load.ts'

const policy: ClientWeightedRoundRobin = {
  kind: 'clientWeightedRoundRobin',
  blackoutMs: 10_000,
  expiryMs: 180_000,
  updateMs: 1_000,
  errorPenalty: 1,
}
const report = (more: Partial<LoadReport>): LoadReport => ({
  cpuUtilization: 0,
  applicationUtilization: 0,
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  ...more,
})
const weigh = (said: Partial<LoadReport>): number => {
  const load = new ReportedLoad()
  load.take(report(said), 1, 0)
  return load.weightAt(10_000, policy)
}

pickerSuite(
  'ClientWeightedPicker',
  (hosts, random) => new ClientWeightedPicker(hosts, policy, { now: () => 0 }, random),
  {
    shares: [{ weights: [1, 9], shares: [0.5, 0.5] }],
  },
)

test.each<[Partial<LoadReport>, number]>([
  [{ requestsPerSecond: 100, cpuUtilization: 0.5 }, 200],
  [{ requestsPerSecond: 100, cpuUtilization: 0.5, applicationUtilization: 0.25 }, 400],
  [{ requestsPerSecond: 100, cpuUtilization: 0.5, errorsPerSecond: 50 }, 100],
  [{ requestsPerSecond: 0, cpuUtilization: 0.5 }, 0],
  [{ requestsPerSecond: 100 }, 0],
])('a report of %j weighs %f', (said, weight) => {
  expect(weigh(said)).toBeCloseTo(weight)
})

describe('reports', () => {
  test('count once they have come for the blackout period, and until they expire; then the blackout begins anew', () => {
    const load = new ReportedLoad()
    const said = report({ requestsPerSecond: 10, cpuUtilization: 1 })
    load.take(said, 1, 0)
    expect([load.weightAt(9_999, policy), load.weightAt(10_000, policy), load.weightAt(180_000, policy)]).toEqual([
      0, 10, 10,
    ])
    expect(load.weightAt(180_001, policy)).toBe(0)
    load.take(said, 1, 200_000)
    expect([load.weightAt(205_000, policy), load.weightAt(210_000, policy)]).toEqual([0, 10])
  })
})

describe('a rotation', () => {
  const loaded = (...weights: readonly (number | undefined)[]): TestHost[] =>
    hostsOf(...weights.map(() => 1)).map((host, i) => {
      const weight = weights[i]
      const load = new ReportedLoad()
      if (weight !== undefined) load.take(report({ requestsPerSecond: weight, cpuUtilization: 1 }), 1, 0)
      return { ...host, load }
    })
  const shares = (hosts: readonly TestHost[], clock: VirtualClock, settleMs: number): number[] => {
    const random = new SeededRandom(2)
    const picker = new ClientWeightedPicker(hosts, policy, clock, random)
    countPicks(picker, hosts, 7, random)
    clock.advance(settleMs)
    return countPicks(picker, hosts, 4_000, random).map((count) => count / 4_000)
  }

  test('is even until reports count, then by their weights', () => {
    const hosts = loaded(10, 30)
    expect(shares(hosts, new VirtualClock(), 5_000)[0]).toBeCloseTo(0.5, 1)
    expect(shares(hosts, new VirtualClock(), 11_000)[0]).toBeCloseTo(0.25, 2)
  })

  test('a host without reports has the median of the others', () => {
    const [, , , silent] = shares(loaded(10, 20, 60, undefined), new VirtualClock(), 11_000)
    expect(silent).toBeCloseTo(20 / 110, 2)
    const [, , quiet] = shares(loaded(10, 30, undefined), new VirtualClock(), 11_000)
    expect(quiet).toBeCloseTo(20 / 60, 2)
  })

  test('weights are renewed after the update period, not before', () => {
    const clock = new VirtualClock(10_000)
    const hosts = loaded(10, 10)
    const random = new SeededRandom(2)
    const picker = new ClientWeightedPicker(hosts, policy, clock, random)
    hosts[1]!.load!.take(report({ requestsPerSecond: 90, cpuUtilization: 1 }), 1, 10_000)
    clock.advance(1_000)
    const [first = 0] = countPicks(picker, hosts, 1_000, random)
    expect(first / 1_000).toBeCloseTo(0.1, 1)
  })
})

// Load balancer policy -> picker. The one place that knows all algorithms.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Slices } from '../base/slices.ts'
import type { HashingBalancer, LoadBalancer, SlowStart } from '../model/cluster.ts'
import { BoundedLoadPicker, type ClusterLoad } from './bounded-load.ts'
import { ClientWeightedPicker } from './client-weighted.ts'
import { consistentPicker } from './consistent.ts'
import { EdfPicker } from './edf.ts'
import type { TableKind } from './hash-table.ts'
import { LeastRequestPicker, loadedWeight } from './least-request.ts'
import { maglevKind } from './maglev.ts'
import { PeakEwmaPicker } from './peak-ewma.ts'
import { type Balanced, equalWeights, type Picker } from './picker.ts'
import { RandomPicker } from './random-picker.ts'
import { ringKind } from './ring-hash.ts'
import { RoundRobinPicker } from './round-robin.ts'
import { SlowStartPicker, slowUntilMs } from './slow-start.ts'

/** What some balancers need beside their hosts: time, room to build, the load of others. */
export interface Pace {
  readonly clock: Pick<Clock, 'now'>
  readonly slowStart?: SlowStart | undefined
  /** Where large tables are built; without it they are built at once. */
  readonly slices?: Slices | undefined
  /** Of the whole cluster, for bounded loads; without it the sum over the hosts counts. */
  readonly load?: ClusterLoad | undefined
  /** Parts of 1 instead of the hosts' weights, for consistent balancers. */
  readonly shares?: Float64Array | undefined
}

const timeless: Pace = { clock: { now: () => 0 } }

export function createPicker<E extends Balanced>(
  policy: LoadBalancer,
  hosts: readonly E[],
  random: Random,
  previous?: Picker<E>,
  pace: Pace = timeless,
): Picker<E> {
  switch (policy.kind) {
    case 'roundRobin':
      return rotation(hosts, random, pace, weightOf, (before) => new RoundRobinPicker(hosts, random, before), previous)
    case 'leastRequest':
      return rotation(
        hosts,
        random,
        pace,
        loadedWeight(policy.activeRequestBias ?? 1),
        () => new LeastRequestPicker(hosts, policy.choices),
        undefined,
      )
    case 'random':
      return new RandomPicker(hosts)
    case 'ringHash':
      return hashing(policy, ringKind(policy.minimumRingSize, policy.maximumRingSize), hosts, previous, pace)
    case 'maglev':
      return hashing(policy, maglevKind(policy.tableSize), hosts, previous, pace)
    case 'peakEwma':
      return new PeakEwmaPicker(hosts, policy.decayMs, pace.clock)
    case 'clientWeightedRoundRobin':
      return new ClientWeightedPicker(hosts, policy, pace.clock, random)
  }
}

/** Whether a request's hash counts. */
export function turnsOnHash(policy: LoadBalancer): boolean {
  return policy.kind === 'ringHash' || policy.kind === 'maglev'
}

function hashing<E extends Balanced>(
  { hashKey = 'address', balanceFactor = 0 }: HashingBalancer,
  kind: TableKind,
  hosts: readonly E[],
  previous: Picker<E> | undefined,
  { slices, load, shares }: Pace,
): Picker<E> {
  const before = previous instanceof BoundedLoadPicker ? (previous as BoundedLoadPicker<E>).inner : previous
  const picker = consistentPicker(kind, hashKey, hosts, slices, before, shares)
  return balanceFactor === 0 ? picker : new BoundedLoadPicker(picker, balanceFactor, load)
}

/** Weighted as long as weights differ or a host is new; else what equal hosts are picked by. */
function rotation<E extends Balanced>(
  hosts: readonly E[],
  random: Random,
  { clock, slowStart }: Pace,
  weight: (host: Balanced) => number,
  equal: (previous?: Picker<E>) => Picker<E>,
  previous: Picker<E> | undefined,
): Picker<E> {
  const plain = equalWeights(hosts) ? equal : () => new EdfPicker(hosts, weight, random)
  // a slow start must not hold on to the picker before it, nor that to the one before
  return slowStart !== undefined && clock.now() < slowUntilMs(hosts, slowStart)
    ? new SlowStartPicker(hosts, slowStart, clock, random, weight, () => plain())
    : plain(previous)
}

function weightOf(host: Balanced): number {
  return host.weight
}

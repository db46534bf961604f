// The contract of all balancers, and what they know of a host: its weight and its load.
// Pickers are rebuilt when membership or health changes; picking allocates nothing.
import type { Random } from '../base/random.ts'
import type { PeakLatency } from './peak-latency.ts'
import type { ReportedLoad } from './reported-load.ts'

/** What a balancer sees of an endpoint. */
export interface Balanced {
  /** 1 or more. */
  readonly weight: number
  /** Requests in flight to it from this process. */
  readonly activeRequests: number
  /** Address and port: what consistent balancers know it by. */
  readonly key?: string
  /** The name it was found by, where they are asked to go by that. */
  readonly hostname?: string | undefined
  /** Stands for both. */
  readonly hashName?: string | undefined
  /** Since when it serves, in the clock's milliseconds; counts for slow start. Undefined: long since. */
  readonly healthySinceMs?: number | undefined
  /** There once a latency was observed, which happens only where the balancer looks at it. */
  readonly latency?: PeakLatency | undefined
  /** There once the host has reported its load. */
  readonly load?: ReportedLoad | undefined
}

/** A request's hash: 64 bits as two unsigned halves. */
export interface HashKey {
  readonly high: number
  readonly low: number
}

/** Chooses one of the hosts it was built with. */
export interface Picker<E extends Balanced> {
  /**
   * @param key what consistent balancers turn on; without it they choose at random, and the others never look
   * @param repick how many hosts were refused in this selection already; moves consistent balancers on. Default 0
   * @returns undefined only when it was built with no hosts
   */
  pick(random: Random, key?: HashKey, repick?: number): E | undefined
  /** What `pick` with the same numbers would choose, without moving on. */
  peek(random: Random, key?: HashKey, repick?: number): E | undefined
}

export function equalWeights(hosts: readonly Balanced[]): boolean {
  const first = hosts[0]?.weight
  return hosts.every((host) => host.weight === first)
}

// The contract of all balancers, and what they know of a host: its weight and its load.
// Pickers are rebuilt when membership or health changes; picking allocates nothing.
import type { Random } from '../base/random.ts'

/** What a balancer sees of an endpoint. */
export interface Balanced {
  /** 1 or more. */
  readonly weight: number
  /** Requests in flight to it from this process. */
  readonly activeRequests: number
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

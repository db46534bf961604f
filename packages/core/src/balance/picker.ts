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

/** Chooses one of the hosts it was built with. */
export interface Picker<E extends Balanced> {
  /** undefined only when it was built with no hosts. */
  pick(random: Random): E | undefined
  /** What `pick` with the same numbers would choose, without moving on. */
  peek(random: Random): E | undefined
}

export function equalWeights(hosts: readonly Balanced[]): boolean {
  const first = hosts[0]?.weight
  return hosts.every((host) => host.weight === first)
}

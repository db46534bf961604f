// Weighted round robin by the hosts' own load reports (Envoy client_side_weighted_round_robin).
// Weights are renewed at a pick once they are old, by no timer; a host without a report has the median of the others.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { ClientWeightedRoundRobin } from '../model/cluster.ts'
import { EdfPicker } from './edf.ts'
import type { Balanced, Picker } from './picker.ts'

export class ClientWeightedPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]
  readonly #policy: ClientWeightedRoundRobin
  readonly #clock: Pick<Clock, 'now'>
  readonly #random: Random
  #weights: ReadonlyMap<E, number>
  #rotation: EdfPicker<E>
  #renewedAtMs: number

  constructor(hosts: readonly E[], policy: ClientWeightedRoundRobin, clock: Pick<Clock, 'now'>, random: Random) {
    this.#hosts = hosts
    this.#policy = policy
    this.#clock = clock
    this.#random = random
    this.#renewedAtMs = clock.now()
    this.#weights = weightsOf(hosts, policy, this.#renewedAtMs)
    this.#rotation = this.#rotate()
  }

  pick(): E | undefined {
    this.#renew()
    return this.#rotation.pick()
  }

  peek(): E | undefined {
    this.#renew()
    return this.#rotation.peek()
  }

  /** Other weights are another rotation: the places in the old one are of another scale. */
  #renew(): void {
    const nowMs = this.#clock.now()
    if (nowMs - this.#renewedAtMs < this.#policy.updateMs) return
    this.#renewedAtMs = nowMs
    const before = this.#weights
    this.#weights = weightsOf(this.#hosts, this.#policy, nowMs)
    if (this.#hosts.some((host) => before.get(host) !== this.#weights.get(host))) this.#rotation = this.#rotate()
  }

  #rotate(): EdfPicker<E> {
    const weights = this.#weights
    return new EdfPicker(this.#hosts, (host) => weights.get(host) ?? 1, this.#random)
  }
}

function weightsOf<E extends Balanced>(
  hosts: readonly E[],
  policy: ClientWeightedRoundRobin,
  nowMs: number,
): ReadonlyMap<E, number> {
  const said = hosts.map((host) => host.load?.weightAt(nowMs, policy) ?? 0)
  const middle = median(said.filter((weight) => weight > 0))
  return new Map(hosts.map((host, i) => [host, said[i] || middle]))
}

/** 1 of none. */
function median(weights: readonly number[]): number {
  const sorted = weights.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 1
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

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
  readonly #rotation: EdfPicker<E>
  #median = 1
  #renewedAtMs: number

  constructor(hosts: readonly E[], policy: ClientWeightedRoundRobin, clock: Pick<Clock, 'now'>, random: Random) {
    this.#hosts = hosts
    this.#policy = policy
    this.#clock = clock
    this.#renewedAtMs = clock.now()
    this.#median = this.#medianWeight()
    this.#rotation = new EdfPicker(hosts, (host) => this.#weightOf(host), random)
  }

  pick(): E | undefined {
    const nowMs = this.#clock.now()
    if (nowMs - this.#renewedAtMs >= this.#policy.updateMs) {
      this.#renewedAtMs = nowMs
      this.#median = this.#medianWeight()
    }
    return this.#rotation.pick()
  }

  peek(): E | undefined {
    return this.#rotation.peek()
  }

  /** As of the last renewal. */
  #weightOf(host: E): number {
    return host.load?.weightAt(this.#renewedAtMs, this.#policy) || this.#median
  }

  #medianWeight(): number {
    const weights: number[] = []
    for (const host of this.#hosts) {
      const weight = host.load?.weightAt(this.#renewedAtMs, this.#policy) ?? 0
      if (weight > 0) weights.push(weight)
    }
    weights.sort((a, b) => a - b)
    const middle = weights.length >> 1
    const upper = weights[middle] ?? 1
    return weights.length % 2 === 1 ? upper : ((weights[middle - 1] ?? upper) + upper) / 2
  }
}

// Power of N choices: draw with replacement, keep the one with fewer active requests, ties to the first drawn.
// For hosts of equal weight; weighted least request is edf.ts (Envoy "weighted least request").
import { below, type Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

export class LeastRequestPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]
  readonly #choices: number

  constructor(hosts: readonly E[], choices: number) {
    this.#hosts = hosts
    this.#choices = choices
  }

  pick(random: Random): E | undefined {
    const hosts = this.#hosts
    let best = hosts[below(random, hosts.length)]
    if (best === undefined) return undefined
    for (let drawn = 1; drawn < this.#choices; drawn++) {
      const other = hosts[below(random, hosts.length)]
      if (other !== undefined && other.activeRequests < best.activeRequests) best = other
    }
    return best
  }

  peek(random: Random): E | undefined {
    return this.pick(random)
  }
}

/** Weight under load of hosts that differ in weight: weight / (active + 1) ^ bias. */
export function loadedWeight(bias: number): (host: Balanced) => number {
  if (bias === 1) return (host) => host.weight / (host.activeRequests + 1)
  if (bias === 0) return (host) => host.weight
  return (host) => host.weight / (host.activeRequests + 1) ** bias
}

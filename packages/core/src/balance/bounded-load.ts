// Consistent hashing with bounded loads: a host that has more than its part is passed over for others, in an order the key gives.
// Source: Envoy BoundedLoadHashingLoadBalancer (arXiv 1608.01350, random jumps as in 1908.08762).
import type { Random } from '../base/random.ts'
import type { ConsistentPicker } from './consistent.ts'
import { Mt19937 } from './mt19937.ts'
import type { Balanced, HashKey, Picker } from './picker.ts'

/** Requests in flight to the whole cluster. */
export interface ClusterLoad {
  readonly requests: number
}

export class BoundedLoadPicker<E extends Balanced> implements Picker<E> {
  readonly inner: ConsistentPicker<E>
  /** Percent of the mean load that a host may have. */
  readonly #factor: number
  readonly #load: ClusterLoad | undefined
  readonly #numbers: Map<E, number>
  readonly #order: Uint32Array

  constructor(inner: ConsistentPicker<E>, factor: number, load?: ClusterLoad) {
    this.inner = inner
    this.#factor = factor
    this.#load = load
    this.#numbers = new Map(inner.hosts.map((host, i) => [host, i]))
    this.#order = new Uint32Array(inner.hosts.length)
  }

  pick(random: Random, key?: HashKey, repick = 0): E | undefined {
    if (key === undefined) {
      drawn.high = random.uint32()
      drawn.low = random.uint32()
    }
    const hash = key ?? drawn
    const host = this.inner.pick(random, hash, repick)
    if (host === undefined) return undefined
    const slots = this.#slots()
    const overload = this.#overload(this.#numbers.get(host) ?? 0, slots)
    return overload <= 1 ? host : this.#other(host, overload, slots, hash.low)
  }

  peek(random: Random, key?: HashKey, repick?: number): E | undefined {
    return this.pick(random, key, repick)
  }

  /** The first in the key's order that is not overloaded, or the one that is least so. */
  #other(first: E, overload: number, slots: number, seed: number): E | undefined {
    const { hosts } = this.inner
    const order = this.#order
    for (let i = 0; i < order.length; i++) order[i] = i
    shuffler.seed(seed)
    let best = first
    let least = overload
    for (let i = 0; i < order.length; i++) {
      const j = i + shuffler.below(order.length - i)
      const number = order[j] ?? 0
      order[j] = order[i] ?? 0
      const host = hosts[number]
      if (host === undefined || host === first) continue
      const its = this.#overload(number, slots)
      if (its <= 1) return host
      if (its < least) {
        best = host
        least = its
      }
    }
    return best
  }

  /** Requests that all hosts together may have. */
  #slots(): number {
    return Math.floor(((this.#active() + 1) * this.#factor + 99) / 100)
  }

  #active(): number {
    if (this.#load !== undefined) return this.#load.requests
    let sum = 0
    for (const host of this.inner.hosts) sum += host.activeRequests
    return sum
  }

  #overload(number: number, slots: number): number {
    const own = Math.max(1, Math.ceil(slots * (this.inner.members.shares[number] ?? 0)))
    return (this.inner.hosts[number]?.activeRequests ?? 0) / own
  }
}

const drawn = { high: 0, low: 0 }
const shuffler = new Mt19937()

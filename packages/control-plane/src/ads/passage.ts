// The way from one state to the next in steps that never leave a client without what it still uses (make before break):
// first what is new, what is pointed to before what points; at last, in the other order, what is gone.
import type { Kind } from '@proxyless/xds'
import { changeBetween, type ResourceSet, type ResourceSets, withLeavers } from './resource-set.ts'

interface Step {
  readonly kinds: readonly Kind[]
  readonly keeps: boolean
}

/** Endpoints come with their clusters: whoever hears of a new cluster asks for its endpoints before anything else. */
const steps: readonly Step[] = [
  { kinds: ['cluster', 'endpoints'], keeps: true },
  { kinds: ['listener'], keeps: true },
  { kinds: ['route'], keeps: true },
  { kinds: ['listener'], keeps: false },
  { kinds: ['route'], keeps: false },
  { kinds: ['cluster'], keeps: false },
  { kinds: ['endpoints'], keeps: false },
]

/** What a step has done to clusters and to endpoints. */
export interface Stepped {
  /** Clusters with another content than before. */
  readonly changedClusters: readonly string[]
  /** Clusters whose endpoints were not there before. */
  readonly newEndpoints: readonly string[]
}

export class Passage {
  #at: ResourceSets
  #target: ResourceSets
  #step = steps.length

  constructor(at: ResourceSets) {
    this.#at = at
    this.#target = at
  }

  get done(): boolean {
    return this.#step === steps.length
  }

  /** Whether it leads nowhere else, and has arrived. */
  has(sets: ResourceSets): boolean {
    return this.done && this.#target === sets
  }

  /** What clients are told of now. */
  get at(): ResourceSets {
    return this.#at
  }

  begin(target: ResourceSets): void {
    this.#target = target
    this.#step = 0
  }

  step(): Stepped {
    const { kinds, keeps } = steps[this.#step++]!
    const before = this.#at
    const next = (kind: Kind): ResourceSet =>
      keeps ? withLeavers(before[kind], this.#target[kind]) : this.#target[kind]
    this.#at = { ...before, ...Object.fromEntries(kinds.map((kind) => [kind, next(kind)])) }
    const put = (kind: Kind): string[] => changeBetween(before[kind], this.#at[kind]).put.map(({ name }) => name)
    const { cluster, endpoints } = before
    return {
      changedClusters: put('cluster').filter((name) => cluster.listed.has(name)),
      newEndpoints: put('endpoints').filter((name) => !endpoints.listed.has(name)),
    }
  }
}

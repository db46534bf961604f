// Localities in turn by weight; one that lost more of its hosts than it can spare counts for less (Envoy locality weighted).
// Stands before the sources of one tier of one priority.
import { EdfPicker } from '../balance/edf.ts'
import type { Random } from '../base/random.ts'
import type { Locality, LocalityWeight } from '../model/cluster.ts'
import type { HostSource, SourceChooser } from './host-source.ts'
import { isSameLocality } from './locality-group.ts'

interface Weighted {
  readonly source: HostSource
  /** Above 0. */
  readonly weight: number
  readonly activeRequests: 0
}

export class WeightedLocalities implements SourceChooser {
  readonly #localities: readonly Weighted[]
  readonly #rotation: EdfPicker<Weighted>

  constructor(localities: readonly { readonly source: HostSource; readonly weight: number }[], random: Random) {
    this.#localities = localities.map(({ source, weight }) => ({ source, weight, activeRequests: 0 }))
    this.#rotation = new EdfPicker(this.#localities, (one) => one.weight, random)
  }

  choose(_random: Random, peeking: boolean): HostSource | undefined {
    return (peeking ? this.#rotation.peek() : this.#rotation.pick())?.source
  }

  get sources(): readonly HostSource[] {
    return this.#localities.map(({ source }) => source)
  }
}

/** What was said of a locality. */
export function weightOf(
  weights: readonly LocalityWeight[],
  priority: number,
  locality: Locality,
): LocalityWeight | undefined {
  return weights.find((said) => said.priority === priority && isSameLocality(said.locality, locality))
}

/** @param factor overprovisioning, 1.4 */
export function effectiveWeight(weight: number, fit: number, total: number, factor: number): number {
  return total === 0 ? 0 : weight * Math.min(1, (factor * fit) / total)
}

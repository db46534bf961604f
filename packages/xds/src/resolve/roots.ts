// The clusters that a configuration needs by name, each with what it needs itself. Kept from one resolution to the next,
// so that a change is followed to the clusters that it concerns, and no other is looked at.
import { canonicalName } from '../stream/resource-name.ts'
import type { ClusterNeeds } from './clusters.ts'
import { NameIndex } from './name-index.ts'

/** Why a cluster is needed: routes in force point to it, or routes that will be once all of theirs is there. */
export type Hold = 'inForce' | 'pending'

interface Root {
  needs: ClusterNeeds
  inForce: number
  pending: number
  /** The server lists it among all. */
  listed: boolean
}

export class Roots {
  readonly #roots = new Map<string, Root>()
  readonly #byCluster = new NameIndex()
  readonly #byAssignment = new NameIndex()
  readonly #unsettled = new Set<string>()
  /** Those whose cluster may not be what the configuration has. */
  readonly touched: Set<string> = new Set()

  /** Of these something is worth waiting for. */
  get unsettled(): ReadonlySet<string> {
    return this.#unsettled
  }

  get clusters(): NameIndex {
    return this.#byCluster
  }

  get assignments(): NameIndex {
    return this.#byAssignment
  }

  isInForce(name: string): boolean {
    const root = this.#roots.get(name)
    return root !== undefined && (root.inForce > 0 || root.listed)
  }

  anyUnsettled(names: ReadonlySet<string>): boolean {
    const [few, many] = names.size < this.#unsettled.size ? [names, this.#unsettled] : [this.#unsettled, names]
    for (const name of few) if (many.has(name)) return true
    return false
  }

  take(name: string, hold: Hold, needsOf: (name: string) => ClusterNeeds): void {
    const root = this.#rootOf(name, needsOf)
    root[hold]++
    this.touched.add(name)
  }

  release(name: string, hold: Hold): void {
    const root = this.#roots.get(name)
    if (root === undefined) return
    root[hold]--
    this.#dropIfFree(name, root)
  }

  list(name: string, listed: boolean, needsOf: (name: string) => ClusterNeeds): void {
    const root = listed ? this.#rootOf(name, needsOf) : this.#roots.get(name)
    if (root === undefined || root.listed === listed) return
    root.listed = listed
    this.touched.add(name)
    this.#dropIfFree(name, root)
  }

  /** What it needs may have changed. */
  refresh(name: string, needsOf: (name: string) => ClusterNeeds): void {
    const root = this.#roots.get(name)
    if (root === undefined) return
    this.touched.add(name)
    const { clusters, assignments } = root.needs
    root.needs = needsOf(name)
    this.#index(name, root.needs)
    for (const each of clusters) if (!root.needs.clusters.has(each)) this.#byCluster.delete(canonicalName(each), name)
    for (const each of assignments) {
      if (!root.needs.assignments.has(each)) this.#byAssignment.delete(canonicalName(each), name)
    }
  }

  #rootOf(name: string, needsOf: (name: string) => ClusterNeeds): Root {
    const known = this.#roots.get(name)
    if (known !== undefined) return known
    const root: Root = { needs: needsOf(name), inForce: 0, pending: 0, listed: false }
    this.#roots.set(name, root)
    this.#index(name, root.needs)
    return root
  }

  #index(name: string, { clusters, assignments, settled }: ClusterNeeds): void {
    for (const each of clusters) this.#byCluster.add(canonicalName(each), name)
    for (const each of assignments) this.#byAssignment.add(canonicalName(each), name)
    if (settled) this.#unsettled.delete(name)
    else this.#unsettled.add(name)
  }

  #dropIfFree(name: string, { needs, inForce, pending, listed }: Root): void {
    this.touched.add(name)
    if (inForce + pending > 0 || listed) return
    this.#roots.delete(name)
    this.#unsettled.delete(name)
    for (const each of needs.clusters) this.#byCluster.delete(canonicalName(each), name)
    for (const each of needs.assignments) this.#byAssignment.delete(canonicalName(each), name)
  }
}

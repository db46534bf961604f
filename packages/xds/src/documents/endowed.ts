// Configurations made of documents, with the endpoints that the server tells cluster by cluster (EDS): it knows pods, health and networks.
// Make before break: a configuration waits until the endpoints of its clusters are there, or known not to come.
import type { Cluster, MeshConfig, Problem } from '@proxyless/core/spi'
import type { EndpointsResource } from '../decode/resources.ts'
import { type Cache, isSettled, known } from '../resolve/cache.ts'
import { PatchedMap } from '../resolve/patched-map.ts'

type Clusters = PatchedMap<Cluster>

interface Made {
  readonly assignment: EndpointsResource
  readonly cluster: Cluster
}

export class Endowed {
  readonly #cache: Cache
  /** Made of documents; the one in force, and one that waits. */
  #base: MeshConfig | undefined
  #next: MeshConfig | undefined
  /** Clusters of the next whose endpoints have not come. */
  #unsettled: ReadonlySet<string> = none
  #wanted: ReadonlySet<string> = none
  readonly #made = new WeakMap<Cluster, Made>()
  #last: { readonly config: MeshConfig; readonly clusters: Clusters; readonly problems: readonly Problem[] } | undefined
  #version = 0

  constructor(cache: Cache) {
    this.#cache = cache
  }

  /** Clusters whose endpoints are to be asked for; the same set while they are the same. */
  get wanted(): ReadonlySet<string> {
    return this.#wanted
  }

  /** Some of the clusters that are waited for. */
  get waiting(): readonly string[] {
    return [...this.#unsettled].slice(0, 10)
  }

  take(config: MeshConfig): void {
    this.#next = config
    this.#unsettled = listedIn(config)
    this.#wanted = new Set([...listedIn(this.#base), ...this.#unsettled])
  }

  /**
   * @param changed clusters whose endpoints may not be what they were
   * @param problems of the resources themselves; the same list while they are the same
   * @returns what is in force; undefined: nothing yet
   */
  config(changed: ReadonlySet<string>, problems: readonly Problem[]): MeshConfig | undefined {
    const isNew = this.#promote()
    const base = this.#base
    if (base === undefined) return undefined
    const last = isNew ? undefined : this.#last
    const clusters = last === undefined ? this.#allOf(base) : this.#patched(base, last.clusters, changed)
    if (last?.clusters === clusters && last.problems === problems) return last.config
    this.#version++
    const version = `${base.version}.${this.#version}`
    const config = { ...base, version, clusters, problems: [...base.problems, ...problems] }
    this.#last = { config, clusters, problems }
    return config
  }

  #promote(): boolean {
    const isSettledNow = (name: string): boolean => isSettled(this.#cache, 'endpoints', name, false)
    this.#unsettled = new Set([...this.#unsettled].filter((name) => !isSettledNow(name)))
    if (this.#next === undefined || this.#unsettled.size > 0) return false
    this.#base = this.#next
    this.#next = undefined
    this.#wanted = listedIn(this.#base)
    return true
  }

  #allOf({ clusters }: MeshConfig): Clusters {
    return PatchedMap.empty<Cluster>().with(new Map([...clusters].map(([name, own]) => [name, this.#of(own)])))
  }

  #patched(base: MeshConfig, before: Clusters, changed: ReadonlySet<string>): Clusters {
    const patch = new Map<string, Cluster>()
    for (const name of changed) {
      const own = base.clusters.get(name)
      const cluster = own && this.#of(own)
      if (cluster !== undefined && cluster !== before.get(name)) patch.set(name, cluster)
    }
    return patch.size === 0 ? before : before.with(patch)
  }

  /** The same parts give the same cluster. */
  #of(own: Cluster): Cluster {
    const assignment = own.discovery.kind === 'static' ? known(this.#cache, 'endpoints', own.name) : undefined
    if (assignment === undefined) return own
    const before = this.#made.get(own)
    if (before?.assignment === assignment) return before.cluster
    const cluster = withEndpoints(own, assignment)
    this.#made.set(own, { assignment, cluster })
    return cluster
  }
}

const none: ReadonlySet<string> = new Set()

/** Clusters whose endpoints are listed, and not found by name. */
function listedIn(config: MeshConfig | undefined): ReadonlySet<string> {
  const clusters = [...(config?.clusters.values() ?? [])]
  return new Set(clusters.filter(({ discovery }) => discovery.kind === 'static').map(({ name }) => name))
}

/** How localities share, and whether they do, is the documents' to say; by which weights, the server's. */
function withEndpoints(
  { localities, ...own }: Cluster,
  { endpoints, weights, overprovisioningFactor, drops }: EndpointsResource,
): Cluster {
  const weighted = localities?.kind === 'weighted'
  const shared = weighted ? (weights.length === 0 ? undefined : { kind: 'weighted' as const, weights }) : localities
  return {
    ...own,
    discovery: { kind: 'static', endpoints },
    ...(shared === undefined ? {} : { localities: shared }),
    ...(overprovisioningFactor === undefined ? {} : { overprovisioningFactor }),
    ...(drops.length === 0 ? {} : { drops }),
  }
}

// A cluster with its endpoints: what the cluster's own resource left open is filled from assignments and from other clusters.
// The same parts give the same object, so that only what changed is told to the engine.
import type { Cluster, Endpoint, LocalityWeight } from '@proxyless/core/spi'
import type { ClusterResource, EndpointsResource, Shares } from '../decode/resources.ts'
import { type Cache, isSettled, known } from './cache.ts'
import { sameList } from './same-list.ts'

const maxDepth = 16

interface Made {
  readonly parts: readonly unknown[]
  readonly cluster: Cluster
}

/** What one cluster needs, and whether all of it is there or known not to come. */
export interface ClusterNeeds {
  readonly clusters: ReadonlySet<string>
  readonly assignments: ReadonlySet<string>
  readonly settled: boolean
}

export function needsOf(cache: Cache, name: string, all: boolean): ClusterNeeds {
  const clusters = new Set<string>()
  const assignments = new Set<string>()
  let settled = true
  const visit = (each: string, depth: number): void => {
    if (clusters.has(each) || depth > maxDepth) return
    clusters.add(each)
    const resource = known(cache, 'cluster', each)
    if (resource === undefined) {
      settled &&= isSettled(cache, 'cluster', each, all)
    } else if (resource.discovery.kind === 'named') {
      assignments.add(resource.discovery.assignment)
      settled &&= isSettled(cache, 'endpoints', resource.discovery.assignment, false)
    } else if (resource.discovery.kind === 'aggregate') {
      for (const leaf of resource.discovery.clusters) visit(leaf, depth + 1)
    }
  }
  visit(name, 0)
  return { clusters, assignments, settled }
}

export class ClusterAssembly {
  readonly #made = new WeakMap<ClusterResource, Made>()

  /** Undefined when there is no such cluster. */
  assemble(cache: Cache, name: string): Cluster | undefined {
    const resource = known(cache, 'cluster', name)
    if (resource === undefined) return undefined
    const leaves = leavesOf(cache, resource, new Set(), 0)
    const assignments = leaves.map(({ discovery }) =>
      discovery.kind === 'named' ? known(cache, 'endpoints', discovery.assignment) : undefined,
    )
    const parts = [...leaves, ...assignments]
    const before = this.#made.get(resource)
    if (before !== undefined && sameList(before.parts, parts)) return before.cluster
    const cluster = merge(resource, leaves, assignments)
    this.#made.set(resource, { parts, cluster })
    return cluster
  }
}

/** The clusters with endpoints of their own below an aggregate; one that appears twice keeps its first place (A37). */
function leavesOf(cache: Cache, resource: ClusterResource, seen: Set<string>, depth: number): ClusterResource[] {
  if (seen.has(resource.name) || depth > maxDepth) return []
  seen.add(resource.name)
  if (resource.discovery.kind !== 'aggregate') return [resource]
  return resource.discovery.clusters.flatMap((name) => {
    const leaf = known(cache, 'cluster', name)
    return leaf === undefined ? [] : leavesOf(cache, leaf, seen, depth + 1)
  })
}

function merge(
  resource: ClusterResource,
  leaves: readonly ClusterResource[],
  assignments: readonly (EndpointsResource | undefined)[],
): Cluster {
  const [first] = leaves
  const { name, service, origin } = resource.cluster
  if (first === undefined) return resource.cluster
  const base = { ...first.cluster, name, service, origin }
  if (leaves.length === 1) {
    const [assignment] = assignments
    const { discovery, shares } =
      first.discovery.kind === 'inline'
        ? first.discovery
        : {
            discovery: { kind: kindOf(first), endpoints: assignment?.endpoints ?? [] },
            shares: assignment ?? nothing,
          }
    return { ...base, discovery, ...sharing(first, shares) }
  }
  const endpoints: Endpoint[] = []
  const weights: LocalityWeight[] = []
  let kind: 'static' | 'strictDns' | 'logicalDns' = 'static'
  let shift = 0
  leaves.forEach((leaf, n) => {
    const inline = leaf.discovery.kind === 'inline' ? leaf.discovery : undefined
    if (leaf.discovery.kind === 'named' && leaf.discovery.of !== 'static') kind = leaf.discovery.of
    if (inline !== undefined && inline.discovery.kind !== 'static') kind = 'logicalDns'
    const own = inline === undefined ? assignments[n]?.endpoints : endpointsOf(inline.discovery)
    const shares = inline === undefined ? assignments[n] : inline.shares
    let last = -1
    for (const each of own ?? []) {
      last = Math.max(last, each.priority)
      endpoints.push(shift === 0 ? each : { ...each, priority: each.priority + shift })
    }
    weights.push(
      ...(shares?.weights ?? []).map((each) => (shift === 0 ? each : { ...each, priority: each.priority + shift })),
    )
    shift += last + 1
  })
  const factor = assignments.find((each) => each?.overprovisioningFactor !== undefined)?.overprovisioningFactor
  // what an aggregate's leaves would drop they drop of their own calls only (Envoy asks the aggregate, which has none)
  return {
    ...base,
    discovery: { kind, endpoints },
    ...sharing(first, { weights, overprovisioningFactor: factor, drops: [] }),
  }
}

function kindOf({ discovery }: ClusterResource): 'static' | 'strictDns' | 'logicalDns' {
  return discovery.kind === 'named' ? discovery.of : 'static'
}

const nothing: Shares = { weights: [], overprovisioningFactor: undefined, drops: [] }

function sharing(
  cluster: ClusterResource,
  { weights, overprovisioningFactor, drops }: Shares,
): Pick<Cluster, 'localities' | 'overprovisioningFactor' | 'drops'> {
  return {
    ...localities(cluster, weights),
    ...(overprovisioningFactor === undefined ? {} : { overprovisioningFactor }),
    ...(drops.length === 0 ? {} : { drops }),
  }
}

function localities(
  { weighsLocalities, zones, ownLocalities }: ClusterResource,
  weights: readonly LocalityWeight[],
): Pick<Cluster, 'localities'> {
  if (zones !== undefined) return { localities: zones }
  return weighsLocalities && (ownLocalities || weights.length > 0) ? { localities: { kind: 'weighted', weights } } : {}
}

function endpointsOf(discovery: Cluster['discovery']): readonly Endpoint[] {
  return 'endpoints' in discovery ? discovery.endpoints : []
}

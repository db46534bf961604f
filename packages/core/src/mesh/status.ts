// The house as plain JSON: what is configured, what is in use, how it fares. Made on demand.
import type { Cluster } from '../cluster/cluster.ts'
import { Endpoint } from '../cluster/endpoint.ts'
import { exclusionOf } from '../cluster/host-set.ts'
import type { Cluster as ClusterModel } from '../model/cluster.ts'
import type { MeshConfig } from '../model/config.ts'
import type { Problem } from '../model/origin.ts'

export interface MeshStatus {
  /** Version of the configuration in force; empty before the first. */
  readonly version: string
  readonly virtualHosts: number
  readonly problems: readonly Problem[]
  readonly clusters: readonly ClusterStatus[]
}

export interface ClusterStatus {
  readonly name: string
  /** False: configured, but no call has needed it yet; its numbers are those of the configuration. */
  readonly inUse: boolean
  readonly loadBalancer: string
  readonly endpoints: readonly EndpointStatus[]
  /** Now under way, and the limits; a limit of null is none. */
  readonly limits: Readonly<
    Record<'connections' | 'pending' | 'requests' | 'retries', { readonly now: number; readonly max: number | null }>
  >
  /** Requests and retries refused by a limit. */
  readonly overflows: number
  readonly ejectionsActive: number
  /** Ejections that maxEjectionPercent forbade. */
  readonly ejectionOverflows: number
}

export interface EndpointStatus {
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'draining' | 'ejected'
  readonly activeRequests: number
  readonly totalRequests: number
  readonly failedRequests: number
  readonly connections: number
  readonly ejections: number
  /** Why it is not picked; null when it may be. */
  readonly excluded: string | null
}

export function statusOf(
  config: MeshConfig | undefined,
  living: ReadonlyMap<string, Cluster>,
  sourceProblems: readonly Problem[],
): MeshStatus {
  return {
    version: config?.version ?? '',
    virtualHosts: config?.virtualHosts.length ?? 0,
    problems: [...(config?.problems ?? []), ...sourceProblems],
    clusters: [...(config?.clusters.values() ?? [])].map((model) => clusterStatus(model, living.get(model.name))),
  }
}

function clusterStatus(model: ClusterModel, cluster: Cluster | undefined): ClusterStatus {
  const { circuitBreakers: max } = model
  const now = cluster?.limits
  return {
    name: model.name,
    inUse: cluster !== undefined,
    loadBalancer: model.loadBalancer.kind,
    endpoints: endpointStatuses(cluster === undefined ? configured(model) : cluster.endpoints()),
    limits: {
      connections: { now: now?.connections ?? 0, max: finite(max.maxConnections) },
      pending: { now: now?.pending ?? 0, max: finite(max.maxPendingRequests) },
      requests: { now: now?.requests ?? 0, max: finite(max.maxRequests) },
      retries: { now: now?.retries ?? 0, max: finite(max.maxRetries) },
    },
    overflows: now?.overflows ?? 0,
    ejectionsActive: cluster?.outlierDetector?.ejectedCount ?? 0,
    ejectionOverflows: cluster?.outlierDetector?.overflows ?? 0,
  }
}

/** Endpoints of a cluster that no call has needed yet: as said, nothing counted. */
function configured({ discovery }: ClusterModel): Endpoint[] {
  return discovery.kind === 'originalDestination' ? [] : discovery.endpoints.map((model) => new Endpoint(model))
}

function endpointStatuses(endpoints: Iterable<Endpoint>): EndpointStatus[] {
  return [...endpoints].map((endpoint) => ({
    address: endpoint.key,
    labels: endpoint.model.labels,
    health: endpoint.ejected ? 'ejected' : endpoint.model.health,
    activeRequests: endpoint.activeRequests,
    totalRequests: endpoint.totalRequests,
    failedRequests: endpoint.failedRequests,
    connections: [...endpoint.connections.values()].reduce((sum, connections) => sum + connections.open, 0),
    ejections: endpoint.ejections,
    excluded: exclusionOf(endpoint) ?? null,
  }))
}

/** JSON has no Infinity. */
function finite(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}

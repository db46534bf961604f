// The house as plain JSON: what is configured, what is in use, how it fares. Made on demand.
import { RandomPicker } from '../balance/random-picker.ts'
import type { Random } from '../base/random.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { Endpoint } from '../cluster/endpoint.ts'
import { exclusionsOf } from '../cluster/exclusions.ts'
import { localityName } from '../cluster/host-source.ts'
import { Selection } from '../cluster/selection.ts'
import type { Cluster as ClusterModel } from '../model/cluster.ts'
import type { MeshConfig } from '../model/config.ts'
import { Counts } from '../cluster/counts.ts'
import type { Problem } from '../model/origin.ts'
import { type AdaptiveStatus, adaptiveStatus } from './adaptive-account.ts'

export interface MeshStatus {
  /** Version of the configuration in force; empty before the first. */
  readonly version: string
  /** Wall time in milliseconds when it came into force; null before the first. */
  readonly appliedAtMs: number | null
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
  /** How calls are divided among priorities now, ascending. */
  readonly priorities: readonly PriorityStatus[]
  /** Now under way, and the limits; a limit of null is none. */
  readonly limits: Readonly<
    Record<'connections' | 'pending' | 'requests' | 'retries', { readonly now: number; readonly max: number | null }>
  >
  /** Requests and retries refused by a limit. */
  readonly overflows: number
  /** The same apart, and connections that were not opened. */
  readonly refused: { readonly requests: number; readonly retries: number; readonly connections: number }
  /** What it has counted since a call first needed it. */
  readonly counts: ReturnType<Counts['all']>
  /** Calls dropped as its configuration says, by category. */
  readonly dropped: Readonly<Record<string, number>>
  readonly ejectionsActive: number
  /** Ejections that maxEjectionPercent forbade. */
  readonly ejectionOverflows: number
  /** What it adapts to; null where nothing asks for it, or no call was made yet. */
  readonly adaptive: AdaptiveStatus | null
  /** Ejections that their enforcing percentage did not draw. */
  readonly ejectionsUnenforced: number
  /** Kind of the active health check; null: none. */
  readonly healthCheck: 'http' | 'tcp' | 'grpc' | null
}

export interface PriorityStatus {
  readonly priority: number
  readonly endpoints: number
  readonly healthy: number
  readonly degraded: number
  /** Percent of all calls that go to its healthy endpoints, and to its degraded ones. */
  readonly healthyLoad: number
  readonly degradedLoad: number
  /** Too few are fit: all its endpoints are used. */
  readonly panic: boolean
}

export interface EndpointStatus {
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
  /** `region/zone/subzone` as far as it is known. */
  readonly locality: string
  readonly priority: number
  readonly weight: number
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'draining' | 'ejected'
  readonly activeRequests: number
  readonly totalRequests: number
  readonly failedRequests: number
  readonly connections: number
  readonly ejections: number
  /** What its last health check said; null: it is not checked. */
  readonly healthCheck: 'passing' | 'degraded' | 'failing' | 'pending' | null
  /** Why it is not picked; null when it may be. */
  readonly excluded: string | null
}

export function statusOf(
  config: MeshConfig | undefined,
  living: ReadonlyMap<string, Cluster>,
): Pick<MeshStatus, 'virtualHosts' | 'clusters'> {
  return {
    virtualHosts: config?.virtualHosts.length ?? 0,
    clusters: [...(config?.clusters.values() ?? [])].map((model) => clusterStatus(model, living.get(model.name))),
  }
}

function clusterStatus(model: ClusterModel, cluster: Cluster | undefined): ClusterStatus {
  const { circuitBreakers: max } = model
  const now = cluster?.limits
  const endpoints = cluster === undefined ? configured(model) : [...cluster.endpoints()]
  const selection = cluster?.selection ?? unused(model, endpoints)
  return {
    name: model.name,
    inUse: cluster !== undefined,
    loadBalancer: model.loadBalancer.kind,
    endpoints: endpointStatuses(endpoints, exclusionsOf(selection)),
    priorities: priorityStatuses(selection),
    limits: {
      connections: { now: now?.connections ?? 0, max: finite(max.maxConnections) },
      pending: { now: now?.pending ?? 0, max: finite(max.maxPendingRequests) },
      requests: { now: now?.requests ?? 0, max: finite(max.maxRequests) },
      retries: { now: now?.retries ?? 0, max: finite(max.maxRetries) },
    },
    overflows: now?.overflows ?? 0,
    refused: {
      requests: now?.requestOverflows ?? 0,
      retries: now?.retryOverflows ?? 0,
      connections: now?.connectionOverflows ?? 0,
    },
    counts: (cluster?.counts ?? new Counts()).all(),
    dropped: Object.fromEntries(cluster?.drops?.counts ?? []),
    ejectionsActive: cluster?.outlierDetector?.ejectedCount ?? 0,
    ejectionOverflows: cluster?.outlierDetector?.overflows ?? 0,
    adaptive: adaptiveStatus(cluster?.adaptive),
    ejectionsUnenforced: cluster?.outlierDetector?.unenforced ?? 0,
    healthCheck: model.healthCheck?.kind ?? null,
  }
}

/** Endpoints of a cluster that no call has needed yet: as said, nothing counted. */
function configured({ discovery }: ClusterModel): Endpoint[] {
  return discovery.kind === 'originalDestination' ? [] : discovery.endpoints.map((model) => new Endpoint(model))
}

/** How it would be chosen among them; nothing is. */
function unused(model: ClusterModel, endpoints: readonly Endpoint[]): Selection {
  const none: Random = { uint32: () => 0, fork: () => none }
  return new Selection(endpoints, model, none, () => new RandomPicker(endpoints), undefined)
}

function priorityStatuses({ sets, loads, panic }: Selection): PriorityStatus[] {
  return sets.map(({ priority, hosts, healthy, degraded }, i) => ({
    priority,
    endpoints: hosts.length,
    healthy: healthy.length,
    degraded: degraded.length,
    healthyLoad: loads.healthy[i] ?? 0,
    degradedLoad: loads.degraded[i] ?? 0,
    panic: panic[i] ?? false,
  }))
}

function endpointStatuses(
  endpoints: readonly Endpoint[],
  exclusion: (endpoint: Endpoint) => string | undefined,
): EndpointStatus[] {
  return endpoints.map((endpoint) => ({
    address: endpoint.key,
    labels: endpoint.model.labels,
    locality: localityName(endpoint.model.locality),
    priority: endpoint.model.priority,
    weight: endpoint.weight,
    health: endpoint.ejected ? 'ejected' : endpoint.health,
    activeRequests: endpoint.activeRequests,
    totalRequests: endpoint.totalRequests,
    failedRequests: endpoint.failedRequests,
    connections: endpoint.connectionCount,
    ejections: endpoint.ejections,
    healthCheck: endpoint.checked?.state ?? null,
    excluded: exclusion(endpoint) ?? null,
  }))
}

/** JSON has no Infinity. */
function finite(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}

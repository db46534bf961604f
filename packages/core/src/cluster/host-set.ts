// The hosts of one priority by their health, and why one cannot be picked.
// Not the choice among them: that is selection.ts.
import type { Endpoint } from './endpoint.ts'
import type { PriorityCounts } from './priority-load.ts'

export interface HostSet {
  readonly priority: number
  readonly hosts: readonly Endpoint[]
  readonly healthy: readonly Endpoint[]
  readonly degraded: readonly Endpoint[]
  /** So many asked not to be counted among `hosts` when shares are made (Envoy excluded hosts). */
  readonly excluded: number
}

/** By priority, ascending; numbers that nobody has are skipped. */
export function hostSetsOf(endpoints: readonly Endpoint[]): HostSet[] {
  const priority = endpoints[0]?.model.priority ?? 0
  if (endpoints.every((endpoint) => endpoint.model.priority === priority)) return [hostSetOf(priority, endpoints)]
  const byPriority = new Map<number, Endpoint[]>()
  for (const endpoint of endpoints) {
    const hosts = byPriority.get(endpoint.model.priority)
    if (hosts === undefined) byPriority.set(endpoint.model.priority, [endpoint])
    else hosts.push(endpoint)
  }
  return [...byPriority].toSorted(([a], [b]) => a - b).map(([level, hosts]) => hostSetOf(level, hosts))
}

export function hostSetOf(priority: number, hosts: readonly Endpoint[]): HostSet {
  // mostly all are fit, and one list serves for both
  if (hosts.every(isHealthy)) return { priority, hosts, healthy: hosts, degraded: [], excluded: 0 }
  const excluded = hosts.reduce((count, { checked }) => count + (checked?.excluded === true ? 1 : 0), 0)
  return { priority, hosts, healthy: hosts.filter(isHealthy), degraded: hosts.filter(isDegraded), excluded }
}

function isHealthy(endpoint: Endpoint): boolean {
  return endpoint.health === 'healthy' && !endpoint.ejected
}

function isDegraded(endpoint: Endpoint): boolean {
  return endpoint.health === 'degraded' && !endpoint.ejected
}

/** Numbers only, for the division of load. */
export function countsOf({ hosts, healthy, degraded, excluded }: HostSet): PriorityCounts {
  return { total: hosts.length - excluded, healthy: healthy.length, degraded: degraded.length }
}

/** Why the health of an endpoint forbids to pick it; undefined when it does not. */
export function unfitnessOf(endpoint: Endpoint): string | undefined {
  if (endpoint.ejected) return 'ejected by outlier detection'
  const { health } = endpoint.model
  if (health === 'unhealthy' || health === 'draining') return health
  const { checked } = endpoint
  if (checked === undefined || !checked.failing) return undefined
  return checked.unknown ? 'awaiting its first health check' : `failed its health check: ${checked.reason}`
}

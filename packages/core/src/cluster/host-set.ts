// Which endpoints may be picked from, by their health: usable ones; degraded ones when there are no others; all in panic.
// Source: Envoy "Degraded endpoints" and "Panic threshold". Priorities and localities will choose here first.
import type { Endpoint } from './endpoint.ts'

export interface HostChoice {
  readonly hosts: readonly Endpoint[]
  readonly tier: 'healthy' | 'degraded' | 'panic' | 'none'
}

/** @param panicThreshold 0..1; strictly below it all hosts are used */
export function chooseHosts(endpoints: readonly Endpoint[], panicThreshold: number): HostChoice {
  const healthy: Endpoint[] = []
  const degraded: Endpoint[] = []
  for (const endpoint of endpoints) {
    if (endpoint.ejected) continue
    if (endpoint.model.health === 'healthy') healthy.push(endpoint)
    else if (endpoint.model.health === 'degraded') degraded.push(endpoint)
  }
  const total = endpoints.length
  if ((healthy.length + degraded.length) / total < panicThreshold && !ample(healthy.length, degraded.length, total))
    return { hosts: endpoints, tier: 'panic' }
  if (healthy.length > 0) return { hosts: healthy, tier: 'healthy' }
  return degraded.length > 0 ? { hosts: degraded, tier: 'degraded' } : { hosts: [], tier: 'none' }
}

/** Overprovisioned by 1.4 there are enough: no panic, whatever the threshold (Envoy "Overprovisioning factor"). */
function ample(healthy: number, degraded: number, total: number): boolean {
  return Math.floor((140 * healthy) / total) + Math.floor((140 * degraded) / total) >= 100
}

/** Why an endpoint cannot be picked; undefined when it can. */
export function exclusionOf(endpoint: Endpoint): string | undefined {
  if (endpoint.ejected) return 'ejected by outlier detection'
  return endpoint.model.health === 'unhealthy' || endpoint.model.health === 'draining'
    ? endpoint.model.health
    : undefined
}

// Which VirtualService a host belongs to: those this client can see, in order of precedence, the first per host.
import type { Resource } from '../documents/resource.ts'
import type { Findings } from '../world/findings.ts'
import type { Pace } from '../pace.ts'
import type { Workload } from '../options.ts'
import { expandHost, includesMesh, isExported, orDefault } from '../scope/names.ts'
import type { SidecarScope } from '../scope/sidecar-scope.ts'
import { WildcardIndex } from '../scope/wildcards.ts'
import type { Settings } from '../world/settings.ts'
import { hasRoutes } from '../validate/virtual-service.ts'
import { expandDelegates, findDelegates } from './delegates.ts'
import type { HttpRule } from './http-rule.ts'

/** A VirtualService in force, its routes complete. */
export interface Plan {
  readonly resource: Resource<'VirtualService'>
  readonly hosts: readonly string[]
  readonly rules: readonly HttpRule[]
}

export interface Claims {
  readonly plans: readonly Plan[]
  readonly byHost: WildcardIndex<Plan>
}

export async function claimHosts(
  all: readonly Resource<'VirtualService'>[],
  client: Workload,
  settings: Settings,
  scope: SidecarScope,
  findings: Findings,
  pace: Pace,
): Promise<Claims> {
  const delegates = findDelegates(all)
  const plans: Plan[] = []
  const byHost = new WildcardIndex<Plan>()
  for (const resource of inOrder(all, client, settings)) {
    const hosts = (resource.spec.hosts ?? []).map((host) => expandHost(host, resource.namespace, settings.domain))
    if (!scope.importsHosts(resource.namespace, hosts)) continue
    const plan = { resource, hosts, rules: expandDelegates(resource, delegates, settings, findings) }
    plans.push(plan)
    if (pace.due()) await pace.rest()
    for (const [index, host] of hosts.entries()) {
      if (byHost.addFirst(host, plan)) continue
      if (byHost.get(host) === plan) continue
      const winner = byHost.get(host)?.resource.id ?? ''
      const message = `${host} is already claimed by ${winner}, which takes it whole; routes are not merged`
      findings.warn('VS_HOST_CONFLICT', resource, `spec.hosts[${index}]`, message)
    }
  }
  return { plans, byHost }
}

/** Own namespace's private ones, then those exported here by name, then public ones; each group oldest first. */
function inOrder(
  all: readonly Resource<'VirtualService'>[],
  client: Workload,
  settings: Settings,
): Resource<'VirtualService'>[] {
  const ranks: [Resource<'VirtualService'>[], Resource<'VirtualService'>[], Resource<'VirtualService'>[]] = [[], [], []]
  for (const resource of all) {
    const { hosts = [], gateways } = resource.spec
    if (hosts.length === 0 || !hasRoutes(resource.spec) || !includesMesh(gateways)) continue
    const exportTo = orDefault(resource.spec.exportTo, settings.virtualServiceExportTo)
    const own = resource.namespace === client.namespace
    if (exportTo.includes('~') || (!own && !isExported(exportTo, resource.namespace, client.namespace))) continue
    const isPrivate = own && (exportTo.includes('.') || exportTo.includes(client.namespace)) && !exportTo.includes('*')
    ranks[isPrivate ? 0 : exportTo.includes('*') ? 2 : 1].push(resource)
  }
  return ranks.flat()
}

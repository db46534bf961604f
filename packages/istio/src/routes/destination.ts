// A destination to a cluster name, with a word for everyone whose destination does not exist.
import type { Resource } from '../documents/resource.ts'
import { clusterName } from '../clusters/cluster.ts'
import { composePolicy } from '../clusters/policy.ts'
import type { DestinationSpec } from '../schema/primitives.ts'
import type { LoadBalancerSpec } from '../schema/traffic-policy.ts'
import { expandHost } from '../scope/names.ts'
import type { World } from '../world/world.ts'

export interface Target {
  readonly cluster: string
  /** The balancing that governs the destination, for hash keys. */
  readonly balancing?: LoadBalancerSpec
}

/** `requestPort` undefined: any port that the documents do not name. */
export function findTarget(
  world: World,
  destination: DestinationSpec,
  resource: Resource,
  path: string,
  requestPort: number | undefined,
): Target {
  const host = expandHost(destination.host, resource.namespace, world.settings.domain)
  const service = world.services.find(host)
  const said = destination.port?.number
  const subset = destination.subset
  if (service === undefined) {
    const message = `no visible service has the host ${host}; requests of this route get 503`
    world.findings.warn('DEST_UNKNOWN_HOST', resource, `${path}.host`, message)
    return { cluster: clusterName(host, said ?? requestPort ?? 80, subset) }
  }
  const ports = world.services.portsOf(service)
  const only = ports.length === 1 && !world.strictSidecarPorts ? ports[0]?.number : undefined
  const port = said ?? only ?? requestPort ?? 80
  if (said !== undefined && !ports.some(({ number }) => number === said)) {
    world.findings.warn(
      'DEST_UNKNOWN_PORT',
      resource,
      `${path}.port.number`,
      `${host} has no port ${said}; requests get 503`,
    )
  }
  const rule = world.rules.find(host, service.namespace)
  const placed = subset === undefined ? undefined : rule?.subsets.get(subset)
  if (subset !== undefined && placed === undefined) {
    const found = rule === undefined ? 'no DestinationRule governs it' : `${rule.resource.id} does not define it`
    world.findings.warn(
      'SUBSET_UNDEFINED',
      resource,
      `${path}.subset`,
      `subset "${subset}" of ${host} does not exist: ${found}; requests get 503`,
    )
  }
  const balancing = composePolicy(rule, placed, port, world.settings).loadBalancer
  const counts = balancing !== undefined && (!balancing.portLevel || said !== undefined)
  return { cluster: clusterName(host, port, subset), ...(counts ? { balancing: balancing.value } : {}) }
}

/** A word where the service's only port stands in for a request port that it does not have. */
export function noteInferredPort(
  world: World,
  destination: DestinationSpec,
  resource: Resource,
  path: string,
  requestPort: number | undefined,
): void {
  if (destination.port?.number !== undefined || world.strictSidecarPorts) return
  const host = expandHost(destination.host, resource.namespace, world.settings.domain)
  const service = world.services.find(host)
  const [only, more] = service === undefined ? [] : world.services.portsOf(service)
  if (only === undefined || more !== undefined || only.number === requestPort) return
  const message = `port ${only.number}, the only one of ${host}, is used; a sidecar would look for the request's own port and answer 503`
  world.findings.info('DEST_PORT_INFERRED', resource, path, message)
}

/** The request ports that decide where this destination leads. */
export function dependsOnPort(
  world: World,
  destination: DestinationSpec,
  namespace: string,
): readonly number[] | 'every' {
  if (destination.port?.number !== undefined) return []
  if (world.strictSidecarPorts) return 'every'
  const service = world.services.find(expandHost(destination.host, namespace, world.settings.domain))
  if (service === undefined) return 'every'
  const ports = world.services.portsOf(service).map(({ number }) => number)
  return ports.length > 1 ? ports : []
}

// A destination to a cluster name, with a word for everyone whose destination does not exist.
import { clusterName } from '../clusters/cluster.ts'
import type { Rule } from '../clusters/destination-rules.ts'
import { composePolicy } from '../clusters/policy.ts'
import type { Resource } from '../documents/resource.ts'
import type { LoadBalancerSpec } from '../schema/traffic-policy.ts'
import type { VirtualServiceSpec } from '../schema/virtual-service.ts'
import type { MeshService } from '../registry/service.ts'
import { expandHost } from '../scope/names.ts'
import type { World } from '../world/world.ts'
import type { PlacedDestination } from './http-rule.ts'

export interface Target {
  readonly cluster: string
  /** The balancing that governs the destination, for hash keys. */
  readonly balancing?: LoadBalancerSpec
}

/** What becomes of traffic whose destination does not exist. */
export type Loss = 'requests get 503' | 'no copies are sent'

/** A sidecar serves hosts that are no service on this port only. */
const SIDECAR_PORT = 80
/** Of clusters that cannot exist: nothing listens on it. */
const NO_PORT = 0

/** `requestPort` undefined: any port that the documents do not name. */
export function findTarget(
  world: World,
  destination: PlacedDestination,
  requestPort: number | undefined,
  loss: Loss,
): Target {
  const { spec, resource, path } = destination
  const { subset } = spec
  const said = spec.port?.number
  const { host, service } = lookUp(world, destination)
  if (service === undefined) {
    world.findings.warn(
      'DEST_UNKNOWN_HOST',
      resource,
      `${path}.host`,
      `no visible service has the host ${host}; ${loss}${shortNames(world, resource, loss)}`,
    )
    return { cluster: clusterName(host, said ?? requestPort ?? NO_PORT, subset) }
  }
  const ports = world.services.portsOf(service)
  const only = ports.length === 1 && !world.strictSidecarPorts ? ports[0]?.number : undefined
  const port = said ?? only ?? requestPort ?? NO_PORT
  if (said !== undefined && !ports.some(({ number }) => number === said)) {
    world.findings.warn('DEST_UNKNOWN_PORT', resource, `${path}.port.number`, `${host} has no port ${said}; ${loss}`)
  }
  const rule = world.rules.find(service.host, service.namespace)
  const placed = subset === undefined ? undefined : rule?.subsets.get(subset)
  if (subset !== undefined && placed === undefined) {
    const found = rule === undefined ? 'no DestinationRule governs it' : definedBy(rule)
    const message = `subset "${subset}" of ${host} does not exist: ${found}; ${loss}`
    world.findings.warn('SUBSET_UNDEFINED', resource, `${path}.subset`, message)
  }
  const balancing = composePolicy(rule, placed, port, world.settings).loadBalancer
  const counts = balancing !== undefined && (!balancing.portLevel || said !== undefined)
  return { cluster: clusterName(service.host, port, subset), ...(counts ? { balancing: balancing.value } : {}) }
}

function definedBy({ resource, subsets }: Rule): string {
  const names = [...subsets.keys()]
  return `${resource.id} defines ${names.length === 0 ? 'none' : `only ${names.join(', ')}`}`
}

/** Short names of hosts that are no service are not the mesh's: calls to them do not come here. */
function shortNames(world: World, { kind, spec, namespace }: Resource, loss: Loss): string {
  if (kind !== 'VirtualService' || loss !== 'requests get 503') return ''
  const { hosts = [] } = spec as VirtualServiceSpec
  const { domain, outboundMode } = world.settings
  const full = (host: string): string => expandHost(host, namespace, domain)
  const short = hosts.filter(
    (host) => full(host) !== host.toLowerCase() && world.services.find(full(host)) === undefined,
  )
  if (short.length === 0) return ''
  const fate = outboundMode === 'REGISTRY_ONLY' ? 'get 502' : 'pass through'
  return ` by the name ${short.map(full).join(', ')}; those to ${short.join(', ')} ${fate}, as the short name of no service`
}

/** A word where the service's only port stands in for a request port that it does not have. */
export function noteInferredPort(
  world: World,
  destination: PlacedDestination,
  requestPort: number = SIDECAR_PORT,
): void {
  if (destination.spec.port?.number !== undefined || world.strictSidecarPorts) return
  const { host, service } = lookUp(world, destination)
  const [only, more] = service === undefined ? [] : world.services.portsOf(service)
  if (only === undefined || more !== undefined || only.number === requestPort) return
  const message = `port ${only.number}, the only one of ${host}, is used; a sidecar would look for the request's own port and answer 503`
  world.findings.info('DEST_PORT_INFERRED', destination.resource, destination.path, message)
}

/** The request ports that decide where this destination leads. */
export function dependsOnPort(world: World, destination: PlacedDestination): readonly number[] | 'every' {
  if (destination.spec.port?.number !== undefined) return []
  if (world.strictSidecarPorts) return 'every'
  const { service } = lookUp(world, destination)
  if (service === undefined) return 'every'
  const ports = world.services.portsOf(service).map(({ number }) => number)
  return ports.length > 1 ? ports : []
}

function lookUp(world: World, { spec, resource }: PlacedDestination): { host: string; service?: MeshService } {
  const host = expandHost(spec.host, resource.namespace, world.settings.domain)
  const service = world.services.find(host)
  return { host, ...(service === undefined ? {} : { service }) }
}

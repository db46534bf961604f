// Endpoints and localities of a cluster as the client's place demands, SEMANTICS 6.8: which setting holds, and what it makes of them.
import type { Discovery, LocalityBalancing, Origin } from '@proxyless/core/spi'
import { originOf } from '../documents/resource.ts'
import type { Resource } from '../documents/resource.ts'
import type { MeshService } from '../registry/service.ts'
import type { LocalityLbSpec, ZoneAwareLbSpec } from '../schema/locality.ts'
import { BUILT_IN } from '../world/settings.ts'
import type { World } from '../world/world.ts'
import { bySize, distribute } from './distribute.ts'
import { withPriorities } from './failover.ts'
import type { Policy } from './policy.ts'
import { placeByZone } from './zone-aware.ts'
import { clientLocality, clientTopology, HOSTNAME, NETWORK, REGION, SUBZONE, ZONE } from './topology.ts'

interface Setting {
  readonly spec: LocalityLbSpec
  /** Holds without outlier detection. */
  readonly always: boolean
  readonly origin: Origin
}

/** What becomes of the endpoints. */
export interface Placed {
  readonly discovery: Discovery
  readonly localities?: LocalityBalancing
  readonly origin: Origin
}

/** Kubernetes' and Istio's preferences as failover priorities. */
const PREFERENCES = {
  sameZone: [NETWORK, REGION, ZONE],
  sameNode: [NETWORK, REGION, ZONE, SUBZONE, HOSTNAME],
} as const

/** @param documents where the policy may come from, for warnings */
export function placeEndpoints(
  world: World,
  service: MeshService,
  policy: Policy,
  discovery: Discovery,
  documents: readonly Resource[],
): Placed {
  const zones = zonesOf(world, policy)
  if (zones !== undefined) return placeZones(world, zones, discovery, documents)
  const setting = settingOf(world, service, policy)
  const origin = setting?.origin ?? BUILT_IN
  if (setting === undefined || discovery.kind === 'originalDestination') return { discovery, origin }
  const { spec, always } = setting
  const { endpoints } = discovery
  const locality = clientLocality(world.client)
  if (spec.distribute !== undefined && spec.distribute.length > 0) {
    if (locality === undefined) return { discovery, origin }
    const { endpoints: left, weights } = distribute(endpoints, spec.distribute, locality)
    return { discovery: { ...discovery, endpoints: left }, localities: { kind: 'weighted', weights }, origin }
  }
  const { failover = [], failoverPriority = [] } = spec
  const asked = failover.length + failoverPriority.length > 0
  if (!always && policy.outlierDetection === undefined) {
    if (asked) warnOfFailover(world, origin, documents)
    return { discovery, origin }
  }
  if (locality === undefined && failoverPriority.length === 0) return { discovery, origin }
  const placed = withPriorities(endpoints, spec, locality, clientTopology(world.client))
  return {
    discovery: { ...discovery, endpoints: placed },
    ...(asked ? { localities: { kind: 'weighted', weights: bySize(placed) } as const } : {}),
    origin,
  }
}

interface ZoneSetting {
  readonly spec: ZoneAwareLbSpec
  readonly origin: Origin
}

/** The rule's where it sets either of the two, else the mesh's. */
function zonesOf(world: World, policy: Policy): ZoneSetting | undefined {
  const block = policy.loadBalancer
  const said = block?.value.zoneAwareLbSetting
  if (block !== undefined && said !== undefined) {
    const origin = { ...block.origin, path: `${block.origin.path}.zoneAwareLbSetting` }
    return said.enabled === true ? { spec: said, origin } : undefined
  }
  const mesh = world.settings.zoneAwareLb
  if (block?.value.localityLbSetting !== undefined || mesh?.enabled !== true) return undefined
  return { spec: mesh, origin: world.settings.originOf('zoneAwareLbSetting') }
}

function placeZones(
  world: World,
  { spec, origin }: ZoneSetting,
  discovery: Discovery,
  documents: readonly Resource[],
): Placed {
  const own = clientLocality(world.client)
  if (discovery.kind === 'originalDestination' || own === undefined) return { discovery, origin }
  const { endpoints, localities, known } = placeByZone(world, spec, own, discovery.endpoints)
  const resource = documents.find(({ id }) => id === origin.resource)
  if (!known && resource !== undefined) {
    const message =
      'no service selects this client, so how its kind is spread over zones is unknown: zones make no difference'
    world.findings.warn('ZONES_UNKNOWN', resource, origin.path, message)
  }
  return { discovery: { ...discovery, endpoints }, localities, origin }
}

/** The rule's, else the service's own preference, else the mesh's; never two at once. */
function settingOf(world: World, service: MeshService, policy: Policy): Setting | undefined {
  const block = policy.loadBalancer
  const said = block?.value.localityLbSetting
  if (block !== undefined && said !== undefined) {
    const origin = { ...block.origin, path: `${block.origin.path}.localityLbSetting` }
    return said.enabled === false ? undefined : { spec: said, always: false, origin }
  }
  if (service.prefers !== undefined) {
    const spec = { failoverPriority: PREFERENCES[service.prefers] }
    return { spec, always: true, origin: originOf(service.resource, '') }
  }
  const mesh = world.settings.localityLb
  const origin = world.settings.originOf('localityLbSetting')
  return mesh.enabled === false ? undefined : { spec: mesh, always: false, origin }
}

function warnOfFailover(world: World, origin: Origin, documents: readonly Resource[]): void {
  const resource = documents.find(({ id }) => id === origin.resource)
  const message = 'failover needs outlierDetection: without it endpoints are used wherever they are'
  if (resource !== undefined) world.findings.warn('FAILOVER_WITHOUT_OD', resource, origin.path, message)
}

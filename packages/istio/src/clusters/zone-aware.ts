// Zone aware routing (zoneAwareLbSetting of Istio 1.31): the client's region first, and in it zone by zone as the client's kind is spread.
// The kind's own spread is that of the endpoints of the services that select the client.
import type { Endpoint, Locality, ZoneAware } from '@proxyless/core/spi'
import { hasLabels } from '../registry/labels.ts'
import type { MeshService } from '../registry/service.ts'
import type { ZoneAwareLbSpec } from '../schema/locality.ts'
import type { World } from '../world/world.ts'
import { withPriorities } from './failover.ts'
import { clientTopology } from './topology.ts'

export interface ZonePlaced {
  readonly endpoints: readonly Endpoint[]
  readonly localities: ZoneAware
  /** False: no service selects this client, so nobody knows how its kind is spread, and zones make no difference. */
  readonly known: boolean
}

export function placeByZone(
  world: World,
  spec: ZoneAwareLbSpec,
  own: Locality,
  endpoints: readonly Endpoint[],
): ZonePlaced {
  const regional = { ...own, zone: '', subzone: '' }
  const byRegion = endpoints.map((endpoint) => ({
    ...endpoint,
    locality: { ...endpoint.locality, zone: '', subzone: '' },
  }))
  const order = { ...spec, failover: spec.failover ?? [], regions: true }
  const placed = withPriorities(byRegion, order, regional, clientTopology(world.client))
  const clients = clientsOf(world)
  return {
    endpoints: endpoints.map((endpoint, i) => withPriority(endpoint, placed[i]?.priority ?? 0)),
    localities: {
      kind: 'zoneAware',
      own,
      clients,
      minClusterSize: spec.minClusterSize ?? 6,
      routingEnabled: 1,
      failTrafficOnPanic: false,
    },
    known: clients.length > 0,
  }
}

function withPriority(endpoint: Endpoint, priority: number): Endpoint {
  return endpoint.priority === priority ? endpoint : { ...endpoint, priority }
}

function clientsOf(world: World): ZoneAware['clients'] {
  const counts = new Map<string, { readonly locality: Locality; count: number }>()
  for (const [address, locality] of peersOf(world)) {
    const key = `${locality.region}/${locality.zone}/${locality.subzone}`
    const known = counts.get(key)
    if (address !== '' && known === undefined) counts.set(key, { locality, count: 1 })
    else if (known !== undefined) known.count++
  }
  return [...counts.values()]
}

/** The client and those like it, by address. */
function peersOf(world: World): ReadonlyMap<string, Locality> {
  const peers = new Map<string, Locality>()
  for (const service of world.services.all()) {
    if (service.namespace !== world.client.namespace || !selects(service, world.client.labels)) continue
    for (const { discovery } of service.ports) {
      if (discovery.kind === 'originalDestination') continue
      for (const { address, locality } of discovery.endpoints) peers.set(address, locality)
    }
  }
  return peers
}

function selects({ resource }: MeshService, labels: Readonly<Record<string, string>>): boolean {
  const { kind, spec } = resource
  const selector =
    kind === 'Service'
      ? (spec as { selector?: Readonly<Record<string, string>> | null }).selector
      : (spec as { workloadSelector?: { labels?: Readonly<Record<string, string>> } }).workloadSelector?.labels
  return selector !== undefined && selector !== null && Object.keys(selector).length > 0 && hasLabels(labels, selector)
}

// Which endpoints come first: by locality, by labels, or by labels and then region (Istio applyLocalityFailover, applyFailoverPriorities).
// Priorities are consecutive from 0.
import type { Endpoint, Locality } from '@proxyless/core/spi'
import type { LocalityLbSpec } from '../schema/locality.ts'
import type { Labels } from '../schema/primitives.ts'
import { endpointTopology } from './topology.ts'

/** So many priorities can localities make: they lie within those of labels. */
const levels = 5

/**
 * @param locality where the client is; undefined: nobody says, and localities make no difference
 * `regions`: localities count even where labels do, as zone aware routing has it
 */
export function withPriorities(
  endpoints: readonly Endpoint[],
  { failover = [], failoverPriority = [], regions = false }: LocalityLbSpec & { readonly regions?: boolean },
  locality: Locality | undefined,
  client: Labels,
): readonly Endpoint[] {
  const byLocality = regions || failoverPriority.length === 0 || failover.length > 0
  const region = locality && failover.find(({ from }) => from === locality.region)?.to
  const found = endpoints.map((endpoint) => {
    const labels = distanceByLabels(endpoint, failoverPriority, client)
    return labels * levels + (byLocality && locality !== undefined ? distance(locality, endpoint.locality, region) : 0)
  })
  const order = [...new Set(found)].toSorted((a, b) => a - b)
  const places = new Map(order.map((priority, place) => [priority, place]))
  return endpoints.map((endpoint, i) => {
    const priority = places.get(found[i] ?? 0) ?? 0
    return endpoint.priority === priority ? endpoint : { ...endpoint, priority }
  })
}

/** The first label that differs decides. */
function distanceByLabels(endpoint: Endpoint, labels: readonly string[], client: Labels): number {
  const differs = labels.findIndex((said) => {
    const [label = '', value] = said.split('=')
    return (value ?? client[label] ?? '') !== endpointTopology(endpoint, label, client)
  })
  return differs === -1 ? 0 : labels.length - differs
}

/** @param failover the only other region that is next; undefined: all are */
function distance(own: Locality, its: Locality, failover: string | undefined): number {
  if (own.region !== its.region) return failover === undefined || failover === its.region ? 3 : 4
  if (own.zone !== its.zone) return 2
  return own.subzone === its.subzone ? 0 : 1
}

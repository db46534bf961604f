// Labels of topology, of the client and of endpoints: what failoverPriority compares.
import type { Endpoint, Locality } from '@proxyless/core/spi'
import type { Workload } from '../options.ts'
import type { Labels } from '../schema/primitives.ts'

export const REGION = 'topology.kubernetes.io/region'
export const ZONE = 'topology.kubernetes.io/zone'
export const SUBZONE = 'topology.istio.io/subzone'
export const NETWORK = 'topology.istio.io/network'
export const HOSTNAME = 'kubernetes.io/hostname'
const CLUSTER = 'topology.istio.io/cluster'

/** Where the client is: said by itself, or by its labels. Undefined: nobody says. */
export function clientLocality({ locality, labels }: Workload): Locality | undefined {
  if (locality !== undefined) return locality.region === '' ? undefined : locality
  const [region = '', zone = '', subzone = ''] = (labels['istio-locality'] ?? '').split('.')
  const found = {
    region: labels[REGION] ?? region,
    zone: labels[ZONE] ?? zone,
    subzone: labels[SUBZONE] ?? subzone,
  }
  return found.region === '' ? undefined : found
}

export function clientTopology(client: Workload): Labels {
  const locality = clientLocality(client)
  return {
    ...client.labels,
    ...(locality === undefined ? {} : localityLabels(locality)),
    ...(client.network === undefined ? {} : { [NETWORK]: client.network }),
    ...(client.cluster === undefined ? {} : { [CLUSTER]: client.cluster }),
  }
}

/** Value of a label; endpoints of other networks are left out before, so one that does not say is in the client's. */
export function endpointTopology({ labels, locality }: Endpoint, label: string, client: Labels): string {
  switch (label) {
    case REGION:
      return locality.region
    case ZONE:
      return locality.zone
    case SUBZONE:
      return locality.subzone
    case NETWORK:
      return labels[NETWORK] ?? client[NETWORK] ?? ''
    default:
      return labels[label] ?? ''
  }
}

function localityLabels({ region, zone, subzone }: Locality): Labels {
  return { [REGION]: region, [ZONE]: zone, [SUBZONE]: subzone }
}

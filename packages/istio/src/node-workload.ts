// Who a proxy or client is, from the node that it shows to a control plane.
import type { Locality } from '@proxyless/core/spi'
import type { Workload } from './options.ts'

export interface ProxyNode {
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly locality: Locality
}

/**
 * - namespace: metadata NAMESPACE, else that of an id in Istio's form (`sidecar~IP~NAME.NS~NS.svc.cluster.local`), else `default`
 * - labels, cluster, network, service account: metadata LABELS, CLUSTER_ID, NETWORK, SERVICE_ACCOUNT
 * - locality: the node's own, else the label `istio-locality` (`region.zone.subzone`)
 */
export function workloadOfNode({ id, metadata, locality: own }: ProxyNode): Workload {
  const text = (name: string): string | undefined => {
    const value = metadata[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const labels = labelsOf(metadata['LABELS'])
  const locality = localityOf(own, labels['istio-locality'])
  const [cluster, network, serviceAccount] = [text('CLUSTER_ID'), text('NETWORK'), text('SERVICE_ACCOUNT')]
  return {
    namespace: text('NAMESPACE') ?? namespaceOfId(id) ?? 'default',
    labels,
    ...(locality === undefined ? {} : { locality }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(network === undefined ? {} : { network }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  }
}

function namespaceOfId(id: string): string | undefined {
  const [, , name, domain] = id.split('~')
  if (domain === undefined) return undefined
  return name?.split('.')[1] ?? domain.split('.')[0]
}

function labelsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function localityOf(own: Locality, label: string | undefined): Locality | undefined {
  if (own.region !== '') return own
  if (label === undefined) return undefined
  // a label cannot hold slashes
  const [region = '', zone = '', subzone = ''] = label.split(label.includes('/') ? '/' : '.')
  return { region, zone, subzone }
}

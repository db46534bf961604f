// Who a client is, from what it says of itself: the workload it speaks for, and the dialect it wants its resources in.
import type { Workload } from '@proxyless/istio'
import { type ClientNode, WILDCARD } from '@proxyless/xds'

export type Dialect = 'api' | 'sidecar'

export interface Client {
  readonly workload: Workload
  readonly dialect: Dialect
}

/** What a stream begins with. */
export interface FirstRequest {
  readonly kind: string | undefined
  readonly names: readonly string[]
}

/**
 * - namespace: metadata NAMESPACE, else that of an id in Istio's form (`sidecar~IP~NAME.NS~NS.svc.cluster.local`), else `default`
 * - labels, cluster, network, service account: metadata LABELS, CLUSTER_ID, NETWORK, SERVICE_ACCOUNT
 * - locality: the node's own, else the label `istio-locality` (`region.zone.subzone`)
 * - dialect: `api` with metadata GENERATOR=grpc, for gRPC's own user agents, and for whoever begins by asking for listeners or clusters
 *   by name: sidecars begin with all of them. On a stream that follows another any kind may come first.
 */
export function clientOf({ id, metadata, locality: own, userAgent }: ClientNode, first: FirstRequest): Client {
  const text = (name: string): string | undefined => {
    const value = metadata[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const labels = labelsOf(metadata['LABELS'])
  const locality = localityOf(own, labels['istio-locality'])
  const [cluster, network, serviceAccount] = [text('CLUSTER_ID'), text('NETWORK'), text('SERVICE_ACCOUNT')]
  return {
    workload: {
      namespace: text('NAMESPACE') ?? namespaceOfId(id) ?? 'default',
      labels,
      ...(locality === undefined ? {} : { locality }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(network === undefined ? {} : { network }),
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    },
    dialect: text('GENERATOR') === 'grpc' || isGrpcAgent.test(userAgent) || asksByName(first) ? 'api' : 'sidecar',
  }
}

/** `gRPC Go 1.85.0`, `gRPC C-core linux`, `gRPC Java`, `gRPC Node Pure JS`. */
const isGrpcAgent = /^gRPC\b/

function asksByName({ kind, names }: FirstRequest): boolean {
  return (kind === 'listener' || kind === 'cluster') && names.length > 0 && !names.includes(WILDCARD)
}

/** Equal for workloads that are given the same configuration. */
export function keyOf({ namespace, labels, locality, cluster, network, serviceAccount }: Workload): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  const place = locality && [locality.region, locality.zone, locality.subzone]
  return JSON.stringify([namespace, sorted, place, cluster, network, serviceAccount])
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

function localityOf(own: ClientNode['locality'], label: string | undefined): Workload['locality'] {
  if (own.region !== '') return own
  if (label === undefined) return undefined
  // a label cannot hold slashes
  const [region = '', zone = '', subzone = ''] = label.split(label.includes('/') ? '/' : '.')
  return { region, zone, subzone }
}

// Who a client is, from what it says of itself: the workload it speaks for, and the dialect it wants its resources in.
import { type Workload, workloadOfNode } from '@proxyless/istio'
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
 * Dialect: `api` with metadata GENERATOR=grpc, for gRPC's own user agents, and for whoever begins by asking for listeners or clusters
 * by name: sidecars begin with all of them. On a stream that follows another any kind may come first.
 */
export function clientOf(node: ClientNode, first: FirstRequest): Client {
  const { metadata, userAgent } = node
  return {
    workload: workloadOfNode(node),
    dialect: metadata['GENERATOR'] === 'grpc' || isGrpcAgent.test(userAgent) || asksByName(first) ? 'api' : 'sidecar',
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

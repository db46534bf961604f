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

/** Dialect: `api` with metadata GENERATOR=grpc, and for whoever begins by asking for listeners by name, as gRPC does. */
export function clientOf(node: ClientNode, first: FirstRequest): Client {
  const asksByName = first.kind === 'listener' && first.names.some((name) => name !== WILDCARD)
  return {
    workload: workloadOfNode(node),
    dialect: node.metadata['GENERATOR'] === 'grpc' || asksByName ? 'api' : 'sidecar',
  }
}

/** Equal for workloads that are given the same configuration. */
export function keyOf({ namespace, labels, locality, cluster, network, serviceAccount }: Workload): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  const place = locality && [locality.region, locality.zone, locality.subzone]
  return JSON.stringify([namespace, sorted, place, cluster, network, serviceAccount])
}

// The kinds of resources that a stream carries, with their type URLs: those that configurations are made of, and Istio's documents.

/** What configurations are made of. */
export type Kind = 'cluster' | 'endpoints' | 'listener' | 'route'

/** Documents that istiod hands out as they are (`GENERATOR=api`), as far as callers are concerned. */
export type DocumentKind =
  | 'MeshConfig'
  | 'Sidecar'
  | 'ServiceEntry'
  | 'WorkloadEntry'
  | 'DestinationRule'
  | 'VirtualService'

export type StreamKind = Kind | DocumentKind

/** In the order of subscription: what is pointed to before what points (make before break). */
export const KINDS: readonly Kind[] = ['cluster', 'endpoints', 'listener', 'route']

export const DOCUMENT_KINDS: readonly DocumentKind[] = [
  'MeshConfig',
  'Sidecar',
  'ServiceEntry',
  'WorkloadEntry',
  'DestinationRule',
  'VirtualService',
]

/** All that are asked for, in this order. */
export const STREAM_KINDS: readonly StreamKind[] = [...DOCUMENT_KINDS, ...KINDS]

export const TYPE_URLS: Readonly<Record<StreamKind, string>> = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  MeshConfig: 'core/v1alpha1/MeshConfig',
  Sidecar: 'networking.istio.io/v1/Sidecar',
  ServiceEntry: 'networking.istio.io/v1/ServiceEntry',
  WorkloadEntry: 'networking.istio.io/v1/WorkloadEntry',
  DestinationRule: 'networking.istio.io/v1/DestinationRule',
  VirtualService: 'networking.istio.io/v1/VirtualService',
}

/** The message that a resource is: of documents an envelope, whatever their kind. */
export function messageUrl(kind: StreamKind): string {
  if (!isDocumentKind(kind)) return TYPE_URLS[kind]
  return `type.googleapis.com/istio.${kind === 'MeshConfig' ? 'mesh.v1alpha1.MeshConfig' : 'mcp.v1alpha1.Resource'}`
}

export function isDocumentKind(kind: StreamKind): kind is DocumentKind {
  return (DOCUMENT_KINDS as readonly StreamKind[]).includes(kind)
}

/** Stands among the names wanted for all there are. */
export const WILDCARD = '*'

/** For these a response on a SotW stream is everything: what is missing from it is gone. */
export function isFullState(kind: StreamKind): boolean {
  return kind !== 'endpoints' && kind !== 'route'
}

export function kindOf(typeUrl: string): Kind | undefined {
  return KINDS.find((kind) => TYPE_URLS[kind] === typeUrl)
}

export function streamKindOf(typeUrl: string): StreamKind | undefined {
  return STREAM_KINDS.find((kind) => TYPE_URLS[kind] === typeUrl)
}

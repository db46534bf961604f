// The four kinds of resources, their type URLs, and in which order they are asked for.

export type Kind = 'cluster' | 'endpoints' | 'listener' | 'route'

/** In the order of subscription: what is pointed to before what points (make before break). */
export const KINDS: readonly Kind[] = ['cluster', 'endpoints', 'listener', 'route']

export const TYPE_URLS: Readonly<Record<Kind, string>> = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
}

/** Stands among the names wanted for all there are. */
export const WILDCARD = '*'

/** For these a response on a SotW stream is everything: what is missing from it is gone. */
export function isFullState(kind: Kind): boolean {
  return kind === 'listener' || kind === 'cluster'
}

export function kindOf(typeUrl: string): Kind | undefined {
  return KINDS.find((kind) => TYPE_URLS[kind] === typeUrl)
}

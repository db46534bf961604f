// The whole world as it was said: hosts and clusters. Immutable; unchanged parts keep their identity
// from one update to the next, so that only what changed is compiled.
import type { Cluster } from './cluster.ts'
import type { Origin, Position, Problem } from './origin.ts'
import type { VirtualHost } from './route.ts'

export interface MeshConfig {
  /** Opaque; changes when the content does. */
  readonly version: string
  /** An earlier host wins a domain that two claim. */
  readonly virtualHosts: readonly VirtualHost[]
  readonly clusters: Clusters
  readonly unknownHosts: UnknownHosts
  readonly pathNormalization: PathNormalization
  /** All problems of this version, those of kept documents included. */
  readonly problems: readonly Problem[]
  /** Finds the line of an origin; undefined where the source has no text. */
  readonly locate?: (origin: Origin) => Position | undefined
}

/** Clusters by name. A map may know what differs from an earlier one, which spares comparing all of them. */
interface Clusters extends ReadonlyMap<string, Cluster> {
  /** At least the names whose clusters are not the earlier map's; undefined: not known. Default: not known. */
  changedSince?(before: ReadonlyMap<string, Cluster>): Iterable<string> | undefined
}

/** What happens to a request whose host no virtual host claims. */
export type UnknownHosts =
  /** Connect to the URL's own host, no retries, no timeout. */
  | { readonly kind: 'passthrough'; readonly origin: Origin }
  /** Local 502. */
  | { readonly kind: 'block'; readonly origin: Origin }
  /** Send unchanged to this cluster. */
  | { readonly kind: 'cluster'; readonly cluster: string; readonly origin: Origin }
  /** Ask the source for it (`ConfigSource.want`); the request waits until a virtual host claims it. */
  | { readonly kind: 'ask'; readonly origin: Origin }

/** Envoy's path transformations; `base`: dot segments, unreserved escapes, backslashes. */
export type PathNormalization = 'none' | 'base' | 'mergeSlashes' | 'decodeAndMergeSlashes'

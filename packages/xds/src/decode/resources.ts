// The four kinds of resources as the client keeps them: the engine's model, with what only another resource can fill left open.
// Plain data.
import type {
  Cluster,
  DropPolicy,
  Endpoint,
  FaultPolicy,
  LocalityWeight,
  Origin,
  PathNormalization,
  Route,
  UnknownHosts,
  ZoneAware,
} from '@proxyless/core/spi'

/** What every kind has. */
interface Resource {
  readonly name: string
  /** What is left out of it, for people. */
  readonly notes: readonly string[]
}

export interface ListenerResource extends Resource {
  /** Undefined: nothing a client needs (a server's listener, or no HTTP). */
  readonly http: HttpListener | undefined
}

export interface HttpListener {
  /** Of the socket; undefined for an api_listener. */
  readonly port: number | undefined
  readonly routes: { readonly named: string } | { readonly inline: RouteResource }
  /** The fault filters of the chain, by their names. */
  readonly faults: ReadonlyMap<string, FaultPolicy | undefined>
  /** For routes that say no `max_stream_duration` of their own; 0: none. */
  readonly maxStreamMs: number
  readonly pathNormalization: PathNormalization
  /** Where it is said beside the routes. */
  readonly unknownHosts: UnknownHosts | undefined
}

export interface RouteResource extends Resource {
  readonly hosts: readonly RouteHost[]
}

export interface RouteHost {
  readonly name: string
  /** Lower case. */
  readonly domains: readonly string[]
  readonly routes: readonly RouteEntry[]
  /** Where it is said beside the routes. */
  readonly origin: Origin | undefined
}

export interface RouteEntry {
  /** Without a fault: whether there is one depends on the listener's filters. */
  readonly route: Route
  /** Overrides of filters by their names; undefined switches the fault off. */
  readonly faults: FilterFaults
  /** Those of single clusters of the route's split, which stand before the route's. */
  readonly clusterFaults: readonly FilterFaults[]
  /** It says its own `max_stream_duration`. */
  readonly saysDuration: boolean
}

export type FilterFaults = ReadonlyMap<string, FaultPolicy | undefined>

export interface ClusterResource extends Resource {
  readonly discovery: ClusterDiscovery
  /** Without endpoints. */
  readonly cluster: Cluster
  /** Localities share by the weights of the assignment. */
  readonly weighsLocalities: boolean
  /** Instead of weights. */
  readonly zones: ZoneAware | undefined
  /** Of this mesh's own control plane: what is said of localities holds though there are none. */
  readonly ownLocalities: boolean
  /** Its server wants to hear how it fares (`lrs_server`). */
  readonly reportsLoad: boolean
}

export type ClusterDiscovery =
  /** Endpoints come as a resource of this name. */
  | { readonly kind: 'named'; readonly assignment: string; readonly of: 'static' | 'strictDns' | 'logicalDns' }
  | { readonly kind: 'inline'; readonly discovery: Cluster['discovery']; readonly shares: Shares }
  /** The clusters of these names, the earlier before the later. */
  | { readonly kind: 'aggregate'; readonly clusters: readonly string[] }

export interface EndpointsResource extends Resource, Shares {
  readonly endpoints: readonly Endpoint[]
}

/** What an assignment says of calls, beside its endpoints. */
export interface Shares {
  readonly weights: readonly LocalityWeight[]
  readonly overprovisioningFactor: number | undefined
  readonly drops: readonly DropPolicy[]
}

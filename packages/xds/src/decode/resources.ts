// The four kinds of resources as the client keeps them: the engine's model, with what only another resource can fill left open.
// Plain data.
import type { Cluster, Endpoint, FaultPolicy, LocalityWeight, PathNormalization, Route } from '@proxyless/core/spi'

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
  readonly pathNormalization: PathNormalization
}

export interface RouteResource extends Resource {
  readonly hosts: readonly RouteHost[]
}

export interface RouteHost {
  readonly name: string
  /** Lower case. */
  readonly domains: readonly string[]
  readonly routes: readonly RouteEntry[]
}

export interface RouteEntry {
  /** Without a fault: whether there is one depends on the listener's filters. */
  readonly route: Route
  /** Overrides of filters by their names; undefined switches the fault off. */
  readonly faults: ReadonlyMap<string, FaultPolicy | undefined>
}

export interface ClusterResource extends Resource {
  readonly discovery: ClusterDiscovery
  /** Without endpoints. */
  readonly cluster: Cluster
  /** Localities share by the weights of the assignment. */
  readonly weighsLocalities: boolean
  /** Its server wants to hear how it fares (`lrs_server`). */
  readonly reportsLoad: boolean
}

export type ClusterDiscovery =
  /** Endpoints come as a resource of this name. */
  | { readonly kind: 'named'; readonly assignment: string }
  | { readonly kind: 'inline'; readonly discovery: Cluster['discovery']; readonly weights: readonly LocalityWeight[] }
  /** The clusters of these names, the earlier before the later. */
  | { readonly kind: 'aggregate'; readonly clusters: readonly string[] }

export interface EndpointsResource extends Resource {
  readonly endpoints: readonly Endpoint[]
  readonly weights: readonly LocalityWeight[]
  readonly overprovisioningFactor: number | undefined
}

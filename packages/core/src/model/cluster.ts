// Who may answer: clusters, their endpoints and the policies that hold for all of them.
// Plain data; the living counterpart is cluster/cluster.
import type { AdaptivePolicy } from './adaptive.ts'
import type { HealthCheck } from './health-check.ts'
import type { Origin } from './origin.ts'
import type { OutlierDetection } from './outlier.ts'
import type { FractionalPercent } from './policy.ts'

export interface Cluster {
  readonly name: string
  /** For people and metrics: the service's host and port, and the label set's name where only some endpoints belong. */
  readonly service: {
    readonly host: string
    readonly port: number
    readonly variant?: string
    /** Whose service it is, where the host does not tell. */
    readonly namespace?: string
  }
  /** Its endpoints are not of the mesh: what calls inherit stays behind. Default false. */
  readonly external?: boolean
  readonly discovery: Discovery
  readonly loadBalancer: LoadBalancer
  readonly protocol: UpstreamProtocol
  readonly connectTimeoutMs: number
  readonly connectionPool: ConnectionPool
  readonly circuitBreakers: CircuitBreakers
  readonly outlierDetection?: OutlierDetection
  /** Endpoints are asked how they are; Envoy too takes one check per cluster. */
  readonly healthCheck?: HealthCheck
  /** Below this share (0..1) of usable hosts all hosts are used; 0: never. */
  readonly panicThreshold: number
  /** How much more than its share a priority is presumed to bear before load moves on. Default 1.4. */
  readonly overprovisioningFactor?: number
  /** How localities share the load of their priority; undefined: the endpoints of a priority are one flat set. */
  readonly localities?: LocalityBalancing
  /** New endpoints get their full share bit by bit; round robin and least request only. */
  readonly slowStart?: SlowStart
  /** Such shares of calls are not sent; each is drawn in turn. */
  readonly drops?: readonly DropPolicy[]
  /** Of what servers report of their load (ORCA), what is summed up: `cpu_utilization`, `named_metrics.KEY`, `named_metrics.*`, ... */
  readonly reportedMetrics?: readonly string[]
  /** Only so many of the endpoints are used by this process. */
  readonly aperture?: Aperture
  /** What its calls adapt to by what they measure. */
  readonly adaptive?: AdaptivePolicy
  readonly tls?: UpstreamTls
  /** Where endpoints differ: the first of these whose labels an endpoint has holds for it, instead of `tls`. */
  readonly tlsMatches?: readonly TlsMatch[]
  readonly origin: Origin
  /** Which document set a value, by field: `loadBalancer`, `localities`, `connectionPool`, `outlierDetection`, `tls`, `connectTimeout`. */
  readonly origins: Readonly<Record<string, Origin>>
}

export type Discovery =
  | { readonly kind: 'static'; readonly endpoints: readonly Endpoint[] }
  /** Every address of every name is an endpoint. */
  | { readonly kind: 'strictDns'; readonly endpoints: readonly Endpoint[] }
  /** One endpoint per name; the first address at connect time. */
  | { readonly kind: 'logicalDns'; readonly endpoints: readonly Endpoint[] }
  /** The request's own host and port; `port` overrides. */
  | { readonly kind: 'originalDestination'; readonly port?: number }

export interface Endpoint {
  /** IP address, DNS name (DNS discovery only), or `unix:///path`. */
  readonly address: string
  /** 0 for unix sockets. */
  readonly port: number
  /** IP addresses that lead to the same: whichever answers first is connected to (RFC 8305). Default none. */
  readonly additionalAddresses?: readonly { readonly address: string; readonly port: number }[]
  /** 1 or more. */
  readonly weight: number
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'draining'
  readonly labels: Readonly<Record<string, string>>
  /** What the cluster's `tlsMatches` look at (Envoy's metadata `envoy.transport_socket_match`). Default none. */
  readonly tlsLabels?: Readonly<Record<string, string>>
  readonly locality: Locality
  /** 0 is used first. */
  readonly priority: number
  /** Instance name for people. */
  readonly name?: string
  /** The name the address was found by. */
  readonly hostname?: string
  /** What consistent balancers know it by, whatever they are told (Envoy's `hash_key` metadata). */
  readonly hashName?: string
  /** Where its health is asked for, if not at its own port by the check's host name; `disabled`: it is not asked. */
  readonly healthCheck?: { readonly port?: number; readonly hostname?: string; readonly disabled?: boolean }
}

export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subzone: string
}

export type LocalityBalancing =
  /** Localities in proportion to their weights; those without one get nothing. */
  { readonly kind: 'weighted'; readonly weights: readonly LocalityWeight[] } | ZoneAware

export interface LocalityWeight {
  readonly locality: Locality
  readonly priority: number
  /** Above 0. */
  readonly weight: number
}

/** Traffic stays in the client's own locality as far as the endpoints there can bear their part (Envoy zone aware routing). */
export interface ZoneAware {
  readonly kind: 'zoneAware'
  readonly own: Locality
  /** The clients of this kind, this one included, by locality. */
  readonly clients: readonly { readonly locality: Locality; readonly count: number }[]
  /** With fewer healthy endpoints all localities are one; Envoy's default is 6. */
  readonly minClusterSize: number
  /** Share (0..1) of calls that are held to localities. */
  readonly routingEnabled: number
  /** In panic no host is used instead of all. */
  readonly failTrafficOnPanic: boolean
}

/** A host of age t has max((t / window) ^ (1 / aggression), minWeight) of its weight. */
export interface SlowStart {
  readonly windowMs: number
  /** 1: linear; above: faster at first. */
  readonly aggression: number
  /** 0..1 */
  readonly minWeight: number
}

/** Which endpoints this process keeps to: the `size` with the highest random score, drawn from `seed` and address (gRFC A68). */
export interface Aperture {
  readonly size: number
  /** Tells processes apart: an index or a hash of the instance's name. */
  readonly seed: number
}

export type LoadBalancer =
  | {
      readonly kind: 'leastRequest'
      readonly choices: number
      /** Weighted hosts count as weight / (active + 1) ^ bias. Default 1. */
      readonly activeRequestBias?: number
    }
  | { readonly kind: 'roundRobin' }
  | { readonly kind: 'random' }
  | (HashingBalancer & {
      readonly kind: 'ringHash'
      readonly minimumRingSize: number
      /** Default 8,388,608. */
      readonly maximumRingSize?: number
    })
  /** `tableSize` is a prime. */
  | (HashingBalancer & { readonly kind: 'maglev'; readonly tableSize: number })
  | PeakEwma
  | ClientWeightedRoundRobin

/** What both consistent balancers may say. */
export interface HashingBalancer {
  /** What hosts are known by. Default `address`: address and port. */
  readonly hashKey?: 'address' | 'hostname'
  /** Percent (100 or more) of the mean load that a host may have before others are used; undefined: no bound. */
  readonly balanceFactor?: number
}

/** Two choices by expected latency: a moving average that jumps up at once and forgets slowly, times requests in flight. */
interface PeakEwma {
  readonly kind: 'peakEwma'
  /** Time constant of forgetting. */
  readonly decayMs: number
  /** A failed response counts as so many times the median latency. */
  readonly failurePenalty: number
}

/** Round robin by weights that the endpoints' load reports yield (Envoy client_side_weighted_round_robin, gRFC A58). */
export interface ClientWeightedRoundRobin {
  readonly kind: 'clientWeightedRoundRobin'
  /** Reports count once they have come for so long. */
  readonly blackoutMs: number
  /** A report older than this is forgotten. */
  readonly expiryMs: number
  /** Weights are renewed this often. */
  readonly updateMs: number
  /** How much errors add to utilisation. */
  readonly errorPenalty: number
  /**
   * Endpoints are asked to report so often by themselves, on a stream of each that gRPC calls are connected to (ORCA
   * out-of-band, gRFC A51). The reports in answers count until the first of these has come. Default: answers only.
   */
  readonly outOfBandMs?: number
}

export type UpstreamProtocol = 'http1' | 'http2'

export interface ConnectionPool {
  /** Closes a connection that carried no request for so long. */
  readonly idleTimeoutMs: number
  /** Drains a connection of this age; undefined: never. */
  readonly maxConnectionDurationMs?: number
  /** 0: unlimited; 1: no keep-alive. */
  readonly maxRequestsPerConnection: number
  /** HTTP/2 only: beyond it another connection is opened. */
  readonly maxConcurrentStreams: number
  readonly tcpKeepAliveMs?: number
}

/** Limits of one cluster in this process; Infinity: none. */
export interface CircuitBreakers {
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  readonly maxRetries: number
  readonly retryBudget?: RetryBudget
}

export interface RetryBudget {
  /** Share (0..1) of active and pending requests that may be retries. */
  readonly percent: number
  readonly minRetryConcurrency: number
  /** Count the requests of this window instead of those under way now. */
  readonly intervalMs?: number
}

export interface UpstreamTls {
  /** PEM file of trusted roots; undefined: the system's. */
  readonly caFile?: string
  /** PEM files of the client certificate; both or none. */
  readonly certificateFile?: string
  readonly privateKeyFile?: string
  /** Fixed server name; undefined: the request's host. */
  readonly serverName?: string
  /** Exact names, any of which the certificate must carry. Empty and no `serverName`: the request's host. */
  readonly subjectAltNames: readonly string[]
  readonly verify: boolean
}

/** How endpoints with these labels are reached; without labels, all (Envoy TransportSocketMatch). */
export interface TlsMatch {
  readonly labels: Readonly<Record<string, string>>
  /** Undefined: in plain text. */
  readonly tls?: UpstreamTls
  /** Why they cannot be reached as was said; they are then not reached at all, never in plain text instead. */
  readonly unavailable?: string
}

export interface DropPolicy {
  /** For people and reports: `throttle`, `lb`, ... */
  readonly category: string
  readonly percent: FractionalPercent
}

// Who may answer: clusters, their endpoints and the policies that hold for all of them.
// Plain data; the living counterpart is cluster/cluster.
import type { Origin } from './origin.ts'

export interface Cluster {
  readonly name: string
  /** For people and metrics: the service's host and port, and the label set's name where only some endpoints belong. */
  readonly service: { readonly host: string; readonly port: number; readonly variant?: string }
  readonly discovery: Discovery
  readonly loadBalancer: LoadBalancer
  readonly protocol: UpstreamProtocol
  readonly connectTimeoutMs: number
  readonly connectionPool: ConnectionPool
  readonly circuitBreakers: CircuitBreakers
  readonly outlierDetection?: OutlierDetection
  /** Below this share (0..1) of usable hosts all hosts are used; 0: never. */
  readonly panicThreshold: number
  readonly tls?: UpstreamTls
  readonly origin: Origin
  /** Which document set a value, by field: `loadBalancer`, `connectionPool`, `outlierDetection`, `tls`, `connectTimeout`. */
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
  /** 1 or more. */
  readonly weight: number
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'draining'
  readonly labels: Readonly<Record<string, string>>
  readonly locality: Locality
  /** 0 is used first. */
  readonly priority: number
  /** Instance name for people. */
  readonly name?: string
}

export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subzone: string
}

export type LoadBalancer =
  | { readonly kind: 'leastRequest'; readonly choices: number }
  | { readonly kind: 'roundRobin' }
  | { readonly kind: 'random' }
  | { readonly kind: 'ringHash'; readonly minimumRingSize: number }
  | { readonly kind: 'maglev'; readonly tableSize: number }

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

/** Envoy's outlier detection; 0 in a `consecutive*` field switches that detector off. */
export interface OutlierDetection {
  readonly consecutive5xx: number
  readonly consecutiveGatewayFailure: number
  readonly splitExternalLocalOriginErrors: boolean
  readonly consecutiveLocalOriginFailure: number
  readonly intervalMs: number
  readonly baseEjectionTimeMs: number
  readonly maxEjectionTimeMs: number
  /** 0..1 of all hosts; a hard cap. */
  readonly maxEjectionPercent: number
  /** These statuses count as errors and all others as success; undefined: 500 and above. */
  readonly errorStatusCodes?: readonly number[]
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

// Active health checks as they were said: what endpoints are asked, how often, and what counts as an answer.
// Plain data; the living counterpart is cluster/health.

export type HealthCheck = HttpHealthCheck | TcpHealthCheck | GrpcHealthCheck

export interface HealthCheckTiming {
  /** A check that takes longer has failed. */
  readonly timeoutMs: number
  readonly intervalMs: number
  /** So many failures in a row make a healthy endpoint unhealthy; so many passes in a row the reverse. The first result counts alone. */
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
  /** Up to so much passes before the first check. Default 0. */
  readonly initialJitterMs?: number
  /** Up to so much is added to every interval. Default 0. */
  readonly intervalJitterMs?: number
  /** Up to this share (0..1) of every interval is added to it. Default 0. */
  readonly intervalJitter?: number
  /** Holds until the cluster has carried a request. Default 60 s. */
  readonly noTrafficIntervalMs?: number
  /** The same for endpoints that are healthy. Default: as the others. */
  readonly noTrafficHealthyIntervalMs?: number
  /** For endpoints that have failed. Default `intervalMs`. */
  readonly unhealthyIntervalMs?: number
  /** While failures have not yet reached the threshold. Default `unhealthyIntervalMs`. */
  readonly unhealthyEdgeIntervalMs?: number
  /** While passes have not yet reached the threshold. Default `intervalMs`. */
  readonly healthyEdgeIntervalMs?: number
  /** Default true. */
  readonly reuseConnection?: boolean
}

/** From `from` up to, not including, `to`. */
interface StatusRange {
  readonly from: number
  readonly to: number
}

export interface HttpHealthCheck extends HealthCheckTiming {
  readonly kind: 'http'
  readonly path: string
  /** Default: the cluster's name. */
  readonly host?: string
  /** Default GET. */
  readonly method?: string
  /** Default 200 alone. */
  readonly expectedStatuses?: readonly StatusRange[]
  /** Of those not expected: these count towards the threshold, all others fail at once. */
  readonly retriableStatuses?: readonly StatusRange[]
  /** Lower case names. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
  /** What `x-envoy-upstream-healthchecked-cluster` must say or begin with. */
  readonly serviceName?: { readonly kind: 'exact' | 'prefix'; readonly value: string }
  /** Default `http1`. */
  readonly protocol?: 'http1' | 'http2'
}

export interface TcpHealthCheck extends HealthCheckTiming {
  readonly kind: 'tcp'
  readonly send?: Uint8Array
  /** Must come in this order, with anything between them. None: a connection is enough, and nothing is sent. */
  readonly receive?: readonly Uint8Array[]
}

/** `grpc.health.v1.Health/Check`. */
export interface GrpcHealthCheck extends HealthCheckTiming {
  readonly kind: 'grpc'
  /** Empty: the server as a whole. */
  readonly serviceName: string
  readonly authority?: string
}

// The contract between active health checks and the doors that can ask an endpoint how it is: core opens no connections.
// One probe per endpoint, kept for as long as it is checked, so that its connection can be.
import type { Cluster as ClusterModel, Endpoint as EndpointModel } from '../model/cluster.ts'
import type { GrpcHealthCheck, HealthCheck, HttpHealthCheck, TcpHealthCheck } from '../model/health-check.ts'

/** On an answer to a call or to a check: the endpoint wants no more calls. */
export const unfitHeader = 'x-envoy-immediate-health-check-fail'

export type ProbeResult =
  | { readonly kind: 'passed'; readonly degraded: boolean }
  | {
      readonly kind: 'failed'
      /** For people: `status 503`, `connection refused`. */
      readonly reason: string
      /** It counts at once, whatever the threshold: an answer that is neither expected nor retriable. */
      readonly atOnce: boolean
      /** The endpoint asked not to be counted (`x-envoy-immediate-health-check-fail`). */
      readonly excluded: boolean
    }

export interface HealthProbe {
  /** Asks once; `answer` is called once, unless `cancel` comes before. */
  check(answer: (result: ProbeResult) => void): void
  /** The time of the check under way is over: it answers no more. */
  cancel(): void
  /** No more checks: connections are closed. */
  close(): void
}

/** @param cluster as it is when the probe is made: its TLS, its connect timeout, its name */
export type MakeProbe<C extends HealthCheck> = (check: C, endpoint: EndpointModel, cluster: ClusterModel) => HealthProbe

/** By kind of check; a kind that nobody can ask is not checked. */
export interface HealthProbers {
  readonly http?: MakeProbe<HttpHealthCheck>
  readonly tcp?: MakeProbe<TcpHealthCheck>
  readonly grpc?: MakeProbe<GrpcHealthCheck>
}

/** Undefined: nobody can. */
export function makeProbe(
  probers: HealthProbers,
  check: HealthCheck,
  endpoint: EndpointModel,
  cluster: ClusterModel,
): HealthProbe | undefined {
  switch (check.kind) {
    case 'http':
      return probers.http?.(check, endpoint, cluster)
    case 'tcp':
      return probers.tcp?.(check, endpoint, cluster)
    case 'grpc':
      return probers.grpc?.(check, endpoint, cluster)
  }
}

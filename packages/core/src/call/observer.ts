// What others may hear of calls. Nothing is built for a call when nobody listens.
import type { Cluster } from '../model/cluster.ts'
import type { Problem } from '../model/origin.ts'

/** One finished call. */
export interface CallRecord {
  readonly protocol: 'http' | 'grpc'
  readonly authority: string
  readonly method: string
  readonly path: string
  /** Path and query as the application asked for them. */
  readonly target: string
  /** Name of the route, empty when none was found. */
  readonly route: string
  /** What the route is called in metrics; empty where nothing is said. */
  readonly statPrefix: string
  readonly cluster: string
  /** The service that the cluster is of; undefined: the call found no cluster. */
  readonly service: Cluster['service'] | undefined
  /** `address:port` of the last attempt, empty when there was none. */
  readonly endpoint: string
  readonly endpointLabels: Readonly<Record<string, string>>
  /** Name of its instance, empty where nobody knows. */
  readonly endpointName: string
  readonly attempts: number
  /** 0 when the caller gave up before there was one. */
  readonly status: number
  /** Of gRPC calls whose answer has ended. */
  readonly grpcStatus: number | undefined
  /** Envoy's response flags joined by commas, `-` when none. */
  readonly flags: string
  /** Why the mesh answered itself (Envoy's response code details, with the cause of a failed connection); empty when it did not. */
  readonly details: string
  /** Milliseconds of wall time. */
  readonly startedAtMs: number
  readonly durationMs: number
  /** From the end of the request to the head of the answer; undefined: no endpoint has answered. */
  readonly upstreamMs: number | undefined
  readonly sizes: CallSizes
  /** The first line of a request header as it was sent; names lower case. Asked for only while the record is being told. */
  header(name: string): string | undefined
}

/** What a call has moved, without heads; messages are gRPC's. */
export interface CallSizes {
  readonly requestBytes: number
  readonly responseBytes: number
  readonly requestMessages: number
  readonly responseMessages: number
}

/** All members optional. Called synchronously: keep them short; what they throw is not caught. */
export interface MeshObserver {
  callEnded?(call: CallRecord): void
  endpointEjected?(event: { readonly cluster: string; readonly endpoint: string; readonly reason: string }): void
  endpointReturned?(event: { readonly cluster: string; readonly endpoint: string }): void
  /** An active health check has found an endpoint another than it was. */
  endpointHealthChanged?(event: {
    readonly cluster: string
    readonly endpoint: string
    readonly healthy: boolean
    readonly reason: string
  }): void
  configApplied?(event: { readonly version: string; readonly problems: readonly Problem[] }): void
}

// What others may hear of calls. Nothing is built for a call when nobody listens.
import type { Problem } from '../model/origin.ts'

/** One finished call. */
export interface CallRecord {
  readonly authority: string
  readonly method: string
  readonly path: string
  /** Name of the route, empty when none was found. */
  readonly route: string
  readonly cluster: string
  /** `address:port` of the last attempt, empty when there was none. */
  readonly endpoint: string
  readonly endpointLabels: Readonly<Record<string, string>>
  readonly attempts: number
  /** 0 when the caller gave up before there was one. */
  readonly status: number
  /** Envoy's response flags joined by commas, `-` when none. */
  readonly flags: string
  /** Why the mesh answered itself (Envoy's response code details, with the cause of a failed connection); empty when it did not. */
  readonly details: string
  readonly durationMs: number
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

// What the launcher tells a service process, and what a service process tells the launcher, over IPC.
// Plain data; both sides import it, neither imports the other.
import type { MeshStatus } from 'proxyless'

/** Told by the launcher; several in one message are obeyed together. */
export interface Order {
  /** The registry is written: create the mesh, from this directory or the control plane at this `xds://host:port`. */
  readonly start?: string
  /** Answer everything with this status; null: answer normally again. */
  readonly fail?: number | null
  /** Wait so long before each answer. */
  readonly delayMs?: number
  /** Die at once, in the middle of whatever is going on. */
  readonly crash?: true
  /** Report the status of the mesh under this number. */
  readonly status?: number
}

/** Told by a service. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'ready'; readonly metricsUrl: string | undefined }
  | { readonly kind: 'calls'; readonly calls: readonly CallReport[] }
  | { readonly kind: 'ejected'; readonly endpoint: string }
  | { readonly kind: 'returned'; readonly endpoint: string }
  | { readonly kind: 'config'; readonly version: string }
  | { readonly kind: 'status'; readonly id: number; readonly status: MeshStatus | undefined }

/** One call that a service made through its mesh. */
export interface CallReport {
  /** The service called, as the host name says. */
  readonly service: string
  /** The version that answered; empty when none did. */
  readonly version: string
  readonly status: number
  /** Envoy's response flags; `-` for none. */
  readonly flags: string
  readonly attempts: number
  readonly durationMs: number
}

// The one error class. Codes are stable and listed in ERRORS.md.
// Not for programming errors: those stay plain TypeErrors.

/** Why the mesh itself answered or failed; each has a row in ERRORS.md. */
export type MeshErrorCode =
  | 'UNKNOWN_HOST'
  | 'INVALID_PATH'
  | 'NO_ROUTE'
  | 'NO_CLUSTER'
  | 'NO_HEALTHY_UPSTREAM'
  | 'OVERFLOW'
  | 'THROTTLED'
  | 'CONCURRENCY_LIMIT'
  | 'DROPPED'
  | 'CONNECT_FAILURE'
  | 'CONNECT_TIMEOUT'
  | 'CONNECTION_TERMINATED'
  | 'REMOTE_RESET'
  | 'REFUSED_STREAM'
  | 'PROTOCOL_ERROR'
  | 'TIMEOUT'
  | 'PER_TRY_TIMEOUT'
  | 'DEADLINE_EXCEEDED'
  | 'FAULT_ABORT'
  | 'REPLAY_BUFFER_EXCEEDED'
  | 'MESH_CLOSED'
  | 'CONFIG_UNAVAILABLE'
  | 'INVALID_OPTION'

export interface MeshErrorDetails {
  /** Envoy's response flags, `-` when none. */
  readonly flags?: string
  /** Envoy's response code details, such as `no_healthy_upstream`. */
  readonly details?: string
  /** `host > route > cluster > endpoint #attempt`, as far as the call came. */
  readonly breadcrumb?: string
  readonly attempts?: number
  readonly cause?: unknown
}

/** Thrown by the mesh; `String(error)` names the code, the reason and the way the call took. */
export class MeshError extends Error {
  readonly code: MeshErrorCode
  readonly flags: string
  readonly details: string
  readonly breadcrumb: string
  readonly attempts: number

  constructor(code: MeshErrorCode, message: string, more: MeshErrorDetails = {}) {
    super(more.breadcrumb ? `${message} [${code}] at ${more.breadcrumb}` : `${message} [${code}]`)
    if (more.cause !== undefined) this.cause = more.cause
    this.name = 'MeshError'
    this.code = code
    this.flags = more.flags ?? '-'
    this.details = more.details ?? ''
    this.breadcrumb = more.breadcrumb ?? ''
    this.attempts = more.attempts ?? 0
  }
}

// What the mesh answers itself: status, body, flag and detail of each case, as Envoy words them.
// Pure data; the call fills in the breadcrumb and the route's response headers, the door puts it on its wire.
import type { MeshErrorCode } from '../base/error.ts'
import type { FaultPolicy } from '../model/policy.ts'
import type { Refusal } from '../cluster/adaptive.ts'
import type { Drop } from '../cluster/drops.ts'
import { grpcStatusOfHttp, type Failure } from '../cluster/verdict.ts'

export interface LocalReply {
  readonly code: MeshErrorCode | undefined
  readonly status: number
  readonly body: string | Uint8Array
  /** Flat list of names and values; edited by the route's response operations. */
  readonly headers: string[]
  /** For gRPC requests; undefined: derived from the status. */
  readonly grpcStatus?: number
  /** Envoy's response flag of this case; empty for answers that are no failure. */
  readonly flag: string
  readonly details: string
  readonly cause?: unknown
}

interface Case {
  readonly code: MeshErrorCode
  readonly status: number
  readonly flag: string
  readonly reason: string
}

const failures: Readonly<Record<Failure, Case>> = {
  connectFailure: { code: 'CONNECT_FAILURE', status: 503, flag: 'UF', reason: 'remote connection failure' },
  localConnectFailure: { code: 'CONNECT_FAILURE', status: 503, flag: 'UF', reason: 'local connection failure' },
  connectTimeout: { code: 'CONNECT_TIMEOUT', status: 503, flag: 'UF', reason: 'connection timeout' },
  resetBeforeRequest: { code: 'CONNECTION_TERMINATED', status: 503, flag: 'UC', reason: 'connection termination' },
  connectionTermination: { code: 'CONNECTION_TERMINATED', status: 503, flag: 'UC', reason: 'connection termination' },
  remoteReset: { code: 'REMOTE_RESET', status: 503, flag: 'UR', reason: 'remote reset' },
  refusedStream: { code: 'REFUSED_STREAM', status: 503, flag: 'UR', reason: 'remote refused stream reset' },
  protocolError: { code: 'PROTOCOL_ERROR', status: 502, flag: 'UPE', reason: 'protocol error' },
  overflow: { code: 'OVERFLOW', status: 503, flag: 'UO', reason: 'overflow' },
  timeout: { code: 'TIMEOUT', status: 504, flag: 'UT', reason: 'response_timeout' },
  perTryTimeout: { code: 'PER_TRY_TIMEOUT', status: 504, flag: 'UT', reason: 'upstream_per_try_timeout' },
}

/** The reply for an attempt that ended without a response. */
export function replyToFailure(failure: Failure, attempts: number, cause: unknown): LocalReply {
  const { code, status, flag, reason } = failures[failure]
  if (flag === 'UT')
    return { code, status, body: 'upstream request timeout', headers: [], flag, details: reason, cause }
  const latest = attempts > 1 ? 'retried and the latest reset reason' : 'reset reason'
  return {
    code,
    status,
    body: `upstream connect error or disconnect/reset before headers. ${latest}: ${reason}`,
    headers: failure === 'overflow' ? ['x-envoy-overloaded', 'true'] : [],
    flag,
    details: `upstream_reset_before_response_started{${worded(reason, flag === 'UF' ? cause : undefined)}}`,
    cause,
  }
}

/** As Envoy words details: no blanks, and why the transport failed after a bar. */
function worded(reason: string, cause: unknown): string {
  const { message = '', code = '' } = (cause ?? {}) as { message?: string; code?: string }
  const why = message === '' ? code : message
  return (why === '' ? reason : `${reason}|${why.slice(0, 200)}`).replace(/[^!-~]+/g, '_')
}

function reply(code: MeshErrorCode, status: number, body: string, flag: string, details: string): LocalReply {
  return { code, status, body, headers: [], flag, details }
}

export function replyNoRoute(): LocalReply {
  return reply('NO_ROUTE', 404, '', 'NR', 'route_not_found')
}

export function replyBlocked(): LocalReply {
  return reply('UNKNOWN_HOST', 502, '', '', 'direct_response')
}

export function replyInvalidPath(): LocalReply {
  return reply('INVALID_PATH', 400, '', '', 'path_normalization_failed')
}

/** @param remark what the source of the configuration knows of it */
export function replyNoCluster(remark?: string): LocalReply {
  return reply('NO_CLUSTER', 503, remark ?? '', 'NC', 'cluster_not_found')
}

/** @param remark what the source of the configuration knows of it */
export function replyNoHost(remark?: string): LocalReply {
  const body = remark === undefined ? 'no healthy upstream' : `no healthy upstream; ${remark}`
  return reply('NO_HEALTHY_UPSTREAM', 503, body, 'UH', 'no_healthy_upstream')
}

/** Of a service that adapts to what it measures: refused here, nothing was sent. */
export function replyToRefusal(refusal: Refusal): LocalReply {
  const base =
    refusal === 'throttled'
      ? reply('THROTTLED', 503, 'rejected by client-side throttling', 'UO', 'denied_by_admission_control')
      : reply('CONCURRENCY_LIMIT', 503, 'reached concurrency limit', 'UO', 'reached_concurrency_limit')
  return { ...base, headers: ['x-envoy-overloaded', 'true'] }
}

/** Envoy's router, DROP_OVERLOAD. */
export function replyToDrop({ category, always }: Drop): LocalReply {
  return always
    ? {
        ...reply('DROPPED', 503, 'unconditional drop overload', 'UDO', 'unconditional_drop_overload'),
        headers: ['x-envoy-unconditional-drop-overload', 'true'],
        cause: category,
      }
    : {
        ...reply('DROPPED', 503, 'drop overload', 'DO', 'drop_overload'),
        headers: ['x-envoy-drop-overload', 'true'],
        cause: category,
      }
}

export function replyReplayExceeded(): LocalReply {
  const body = 'exceeded request buffer limit while retrying upstream'
  return {
    ...reply('REPLAY_BUFFER_EXCEEDED', 507, body, '', 'request_payload_exceeded_retry_buffer_limit'),
    grpcStatus: 2,
  }
}

/** The caller's own deadline has passed; Envoy's words where a stream may not last any longer. */
export function replyToDeadline(): LocalReply {
  return { ...reply('DEADLINE_EXCEEDED', 504, 'deadline exceeded', 'DT', 'max_duration_timeout'), grpcStatus: 4 }
}

export function replyClosed(): LocalReply {
  return reply('MESH_CLOSED', 503, 'the mesh is closed', '', 'mesh_closed')
}

export function replyUnavailable(message: string): LocalReply {
  return reply('CONFIG_UNAVAILABLE', 503, message, '', 'no_configuration')
}

/** `httpStatus` wins over `grpcStatus`; a gRPC abort of a plain request is a 200 with the text body. */
export function replyToAbort(abort: NonNullable<FaultPolicy['abort']>): LocalReply {
  const base = reply('FAULT_ABORT', abort.httpStatus ?? 200, 'fault filter abort', 'FI', 'fault_filter_abort')
  return abort.httpStatus === undefined && abort.grpcStatus !== undefined
    ? { ...base, grpcStatus: abort.grpcStatus }
    : base
}

/** What a gRPC request is told. */
export function grpcStatusOf({ grpcStatus, status }: LocalReply): number {
  return grpcStatus ?? grpcStatusOfHttp(status)
}

/** Trailers-only form for a gRPC request: HTTP 200, status and message in headers. */
export function asGrpcReply(local: LocalReply, status: number = grpcStatusOf(local)): LocalReply {
  const message = typeof local.body === 'string' ? local.body : new TextDecoder().decode(local.body)
  const headers = [...local.headers, 'content-type', 'application/grpc', 'grpc-status', String(status)]
  if (message !== '') headers.push('grpc-message', percentEncode(message))
  return { ...local, status: 200, body: '', headers }
}

/** gRPC percent-encoding of a message: everything but printable ASCII, and `%`. */
function percentEncode(message: string): string {
  return message.replace(/[^ -$&-~]/gu, (char) =>
    [...new TextEncoder().encode(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

// What an attempt meant: one word shared by retries, outlier detection, local replies and observers.
// Made by the traffic doors, which know their protocol's errors.

/** Why an attempt ended without a response head. */
export type Failure =
  /** TCP or TLS connection refused or broken while being made. */
  | 'connectFailure'
  | 'connectTimeout'
  /** No socket could be opened on this side. */
  | 'localConnectFailure'
  /** The connection closed before the request was written. */
  | 'resetBeforeRequest'
  /** The connection closed after the request was written. */
  | 'connectionTermination'
  /** The stream was reset by the other side. */
  | 'remoteReset'
  | 'refusedStream'
  | 'protocolError'
  | 'perTryTimeout'
  | 'timeout'
  /** A limit of the cluster. */
  | 'overflow'

/** What is known when an attempt's fate is decided. */
export type Verdict =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly grpcStatus: number | undefined
      readonly rateLimited: boolean
    }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly cause: unknown }

export function isConnectFailure(failure: Failure): boolean {
  return failure === 'connectFailure' || failure === 'connectTimeout' || failure === 'localConnectFailure'
}

/** The attempt counts against its endpoint: no answer, or one that blames the server, in HTTP's statuses or in gRPC's. */
export function isServerError(verdict: Verdict): boolean {
  if (verdict.kind === 'failure' || verdict.status >= 500) return true
  return verdict.grpcStatus !== undefined && httpStatusOfGrpc(verdict.grpcStatus) >= 500
}

/** It took too long, as this side sees it. */
export function isTimeout(verdict: Verdict): boolean {
  if (verdict.kind === 'response') return false
  const { failure } = verdict
  return failure === 'timeout' || failure === 'perTryTimeout' || failure === 'connectTimeout'
}

const grpcToHttp: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
]

/** HTTP status that stands for a gRPC status (Envoy Grpc::Utility::grpcToHttpStatus). */
export function httpStatusOfGrpc(grpcStatus: number): number {
  return grpcToHttp[grpcStatus] ?? 500
}

/** gRPC status of a local HTTP reply (Envoy Grpc::Utility::httpToGrpcStatus). */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return 13
    case 401:
      return 16
    case 403:
      return 7
    case 404:
      return 12
    case 429:
    case 502:
    case 503:
    case 504:
      return 14
    default:
      return 2
  }
}

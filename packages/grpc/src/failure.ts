// What the end of an attempt means: an answer of the server, a failure on the way, or the application's own affair.
// grpc-js tells failures on the way only by code and text; test/grpc/contract holds the texts over its minors.
import { type Metadata, type StatusObject, status as codes } from '@grpc/grpc-js'
import type { Failure } from '@proxyless/core/spi'

/** No connection could be made. */
export class ConnectFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConnectFailed'
  }
}

export type Ending =
  /** The server answered: `grpcStatus` undefined where it spoke only HTTP. */
  | { readonly kind: 'answer'; readonly httpStatus: number; readonly grpcStatus: number | undefined }
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** Nothing of it left this process. */
  | { readonly kind: 'unsent' }
  /** A limit or mistake of the application: told to it as it is, no endpoint is blamed. */
  | { readonly kind: 'own' }

/** Of an attempt that ended before a head: `trailers` alone, or nothing came from the server. */
export function endingOf({ code, details, metadata }: StatusObject): Ending {
  const http = /^Received HTTP status code (\d{3})$/.exec(details)?.[1]
  if (http !== undefined && !isGrpc(metadata)) {
    return { kind: 'answer', httpStatus: Number(http), grpcStatus: undefined }
  }
  if (isGrpc(metadata)) return { kind: 'answer', httpStatus: 200, grpcStatus: code }
  // HTTP's 200 and no gRPC: it has ended well, and says nothing
  if (/^Received RST_STREAM with code 0\b/.test(details))
    return { kind: 'answer', httpStatus: 200, grpcStatus: undefined }
  if (isUnsent(details)) return { kind: 'unsent' }
  const failure = failureOf({ code, details, metadata })
  return failure === undefined ? { kind: 'own' } : { kind: 'failure', failure }
}

/** What grpc-js cannot decompress has no details, whatever its types say. */
type Undetailed = Pick<StatusObject, 'code' | 'metadata'> & Partial<Pick<StatusObject, 'details'>>

/** Why a stream broke off after its head, where a server's own UNAVAILABLE comes in trailers like any other status. */
export function breakOf(status: StatusObject): Failure | undefined {
  const failure = failureOf(status)
  return failure !== 'connectionTermination' || isLoss(status.details) ? failure : undefined
}

/** Why there was no answer; undefined: the server ended it, or the application. */
function failureOf({ code, details = '', metadata }: Undetailed): Failure | undefined {
  if (code === codes.OK || isGrpc(metadata)) return undefined
  if (details === 'Stream refused by server') return 'refusedStream'
  const [, reason] = /^Write error: Stream closed with error code NGHTTP2_(\w+)$/.exec(details) ?? []
  if (reason !== undefined) return resetAtWriting.get(reason) ?? 'remoteReset'
  if (details.startsWith('Getting metadata from plugin')) return undefined
  if (code === codes.UNAVAILABLE) return 'connectionTermination'
  if (/^Received RST_STREAM with code 1\b/.test(details)) return 'protocolError'
  if (details.startsWith('Received RST_STREAM') || resets.has(details)) return 'remoteReset'
  return undefined
}

/** How newer versions of Node tell of a reset while a message is being written. */
const resetAtWriting: ReadonlyMap<string, Failure> = new Map([
  ['REFUSED_STREAM', 'refusedStream'],
  ['PROTOCOL_ERROR', 'protocolError'],
])

const resets: ReadonlySet<string> = new Set([
  'Call cancelled',
  'Bandwidth exhausted or memory limit exceeded',
  'Protocol not secure enough',
])

/** As grpc-js and the sockets below it say that a connection has gone. */
function isLoss(details: string): boolean {
  return details === 'Connection dropped' || /^Write (?:error|failed)|\b(?:ECONNRESET|ETIMEDOUT|EPIPE)\b/.test(details)
}

function isUnsent(details: string): boolean {
  return (
    details.startsWith('Failed to start HTTP/2 stream') ||
    details.startsWith('No connection established') ||
    details === 'Channel closed before call started'
  )
}

/** Every gRPC server says so in its headers, or in its trailers where it sends nothing else. */
export function isGrpc(metadata: Metadata): boolean {
  const type = metadata.get('content-type')[0]
  return typeof type === 'string' && type.startsWith('application/grpc')
}

const localErrors = /\b(EMFILE|ENFILE|EADDRNOTAVAIL|EACCES|EPERM|ENOBUFS)\b/

/** Why no connection could be made. */
export function connectFailureOf(cause: unknown): Failure {
  const message = cause instanceof Error ? cause.message : ''
  if (message.includes('ETIMEDOUT')) return 'connectTimeout'
  return localErrors.test(message) ? 'localConnectFailure' : 'connectFailure'
}

// undici's and Node's errors -> what they mean for the mesh.
import type { Failure } from '@proxyless/core/spi'

/** The connection was closed before this request was written to it; the request goes to another one. */
export class ConnectionGone extends Error {
  constructor() {
    super('the connection was closed before the request was written')
    this.name = 'ConnectionGone'
  }
}

const localErrors = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENOBUFS'])

/** Why no connection could be made. */
export function connectFailureOf(error: unknown): Failure {
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connectTimeout'
  return localErrors.has(code) ? 'localConnectFailure' : 'connectFailure'
}

/** Why an established connection gave no response. */
export function requestFailureOf(error: unknown): Failure {
  const code = codeOf(error)
  if (
    (error as { name?: unknown } | undefined)?.name === 'HTTPParserError' ||
    code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ||
    code === 'UND_ERR_HEADERS_OVERFLOW'
  ) {
    return 'protocolError'
  }
  const message = error instanceof Error ? error.message : ''
  if (message.includes('NGHTTP2_REFUSED_STREAM')) return 'refusedStream'
  if (message.includes('NGHTTP2') || code === 'ERR_HTTP2_STREAM_ERROR') return 'remoteReset'
  return 'connectionTermination'
}

const callersOwn = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** The application's own mistake or limit (`headersTimeout`, `bodyTimeout`): told to it as it is, no attempt is blamed. */
export function isCallerMistake(error: unknown): boolean {
  return callersOwn.has(codeOf(error))
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}

// What the span of a call says.
import type { Attributes } from '@opentelemetry/api'
import type { CallRecord } from '@proxyless/core'
import type { Call } from '@proxyless/core/spi'
import { statusName } from './grpc-status.ts'
import { requestMethod } from './request-method.ts'
import { serverAddress } from './server.ts'

/** As Envoy names its spans: host and port, whatever the path. */
export function callName({ view }: Call): string {
  return `${view.hostname}:${view.port}/*`
}

export function callAttributes({ view }: Call): Attributes {
  return {
    'http.request.method': requestMethod(view.method),
    'server.address': serverAddress(view),
    'server.port': view.port,
  }
}

/** Of answers that broke off, whatever their status. */
const broken = /\b(?:UT|DT|UC|UR|UPE|SI)\b/

interface Outcome {
  readonly attributes: Attributes
  readonly error: string | undefined
}

export function callOutcome(record: CallRecord): Outcome {
  const { status, flags, details, attempts, route, cluster, endpoint, service, grpcStatus } = record
  const refused = grpcStatus === undefined ? status === 0 || status >= 500 : grpcStatus !== 0
  const failed = refused || broken.test(flags)
  const code = grpcStatus === undefined ? String(status) : statusName(grpcStatus)
  const error = failed ? (flags === '-' ? code : flags) : undefined
  const attributes: Attributes = {
    'mesh.route.name': route,
    'mesh.cluster': cluster,
    'mesh.response_flags': flags,
    'mesh.attempts': attempts,
  }
  if (status !== 0) attributes['http.response.status_code'] = status
  if (grpcStatus !== undefined) attributes['rpc.response.status_code'] = code
  if (error !== undefined) attributes['error.type'] = error
  if (service?.variant !== undefined) attributes['mesh.subset'] = service.variant
  if (details !== '') attributes['mesh.response_details'] = details
  if (endpoint !== '') attributes['upstream.address'] = endpoint
  return { attributes, error }
}

// What the span of a call says.
import type { Attributes } from '@opentelemetry/api'
import type { CallRecord } from '@proxyless/core'
import type { Call } from '@proxyless/core/spi'
import { statusName } from './grpc-status.ts'
import { serverOf } from './server.ts'

/** As Envoy names its spans: host and port, whatever the path. */
export function callName({ view }: Call): string {
  return `${view.hostname}:${view.port}/*`
}

export function callAttributes({ view }: Call): Attributes {
  return { 'http.request.method': view.method, ...serverOf(view) }
}

interface Outcome {
  readonly attributes: Attributes
  readonly error: string | undefined
}

export function callOutcome(record: CallRecord): Outcome {
  const { status, flags, details, attempts, route, cluster, endpoint, service, grpcStatus } = record
  const failed = grpcStatus === undefined ? status === 0 || status >= 500 : grpcStatus !== 0
  const code = grpcStatus === undefined ? String(status) : statusName(grpcStatus)
  return {
    error: failed ? (flags === '-' ? code : flags) : undefined,
    attributes: {
      ...(status === 0 ? {} : { 'http.response.status_code': status }),
      ...(grpcStatus === undefined ? {} : { 'rpc.response.status_code': code }),
      ...(failed ? { 'error.type': flags === '-' ? code : flags } : {}),
      'mesh.route.name': route,
      'mesh.cluster': cluster,
      ...(service?.variant === undefined ? {} : { 'mesh.subset': service.variant }),
      'mesh.response_flags': flags,
      ...(details === '' ? {} : { 'mesh.response_details': details }),
      'mesh.attempts': attempts,
      ...(endpoint === '' ? {} : { 'upstream.address': endpoint }),
    },
  }
}

// What the span of an attempt says, by OpenTelemetry's conventions for HTTP and RPC clients and in words of the mesh's own.
import type { Attributes } from '@opentelemetry/api'
import type { Attempt, Failure } from '@proxyless/core/spi'
import type { Conventions } from './conventions.ts'
import { statusName } from './grpc-status.ts'
import { serverOf } from './server.ts'

/** How the answer broke off; undefined: it did not, or there was none. */
export type Broken = Failure | undefined

export interface AttemptOutcome {
  readonly attributes: Attributes
  /** `error.type`; undefined: all is well. */
  readonly error: string | undefined
  readonly status: number | undefined
  readonly grpcStatus: number | undefined
}

const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'])
/** Values of the query that open doors. */
const secrets = /([?&](?:AWSAccessKeyId|Signature|sig|X-Goog-Signature)=)[^&#]*/g

/** `package.Service/Method` of a gRPC call. */
export function rpcNameOf({ call }: Attempt): string {
  return call.view.target.replace(/^\//, '')
}

export function attemptName(attempt: Attempt): string {
  return attempt.call.grpc ? rpcNameOf(attempt) : methodOf(attempt.call.view.method)
}

export function attemptAttributes(attempt: Attempt, conventions: Conventions): Attributes {
  const { call, endpoint, number } = attempt
  const { address, port } = endpoint.model
  const { variant } = call.cluster?.model.service ?? {}
  return {
    ...(call.grpc ? rpcAttributes(attempt, conventions) : httpAttributes(attempt, conventions)),
    ...serverOf(call.view),
    'network.peer.address': address,
    ...(port === 0 ? {} : { 'network.peer.port': port }),
    ...(number === 1 ? {} : { 'http.request.resend_count': number - 1 }),
    'mesh.route.name': call.routeName,
    'mesh.cluster': call.request.clusterName,
    ...(variant === undefined ? {} : { 'mesh.subset': variant }),
    'mesh.attempt': number,
    'upstream.address': endpoint.key,
  }
}

export function attemptOutcome(attempt: Attempt, broken: Broken, conventions: Conventions): AttemptOutcome {
  const { call, verdict } = attempt
  const status = verdict?.kind === 'response' ? verdict.status : undefined
  const grpcStatus = call.grpc ? grpcStatusOf(attempt) : undefined
  const failure = broken ?? (verdict?.kind === 'failure' ? verdict.failure : undefined)
  const error = failure ?? errorOf(status, grpcStatus)
  const attributes: Attributes = {}
  if (status !== undefined) attributes['http.response.status_code'] = status
  if (status !== undefined && conventions.oldHttp) attributes['http.status_code'] = status
  if (grpcStatus !== undefined && conventions.newRpc) attributes['rpc.response.status_code'] = statusName(grpcStatus)
  if (grpcStatus !== undefined && conventions.oldRpc) attributes['rpc.grpc.status_code'] = grpcStatus
  if (error !== undefined) attributes['error.type'] = error
  return { attributes, error, status, grpcStatus }
}

/** An attempt that nobody waited for, because another was faster or the caller has gone. */
const withdrawn = 'cancelled'

function errorOf(status: number | undefined, grpcStatus: number | undefined): string | undefined {
  if (grpcStatus !== undefined) return grpcStatus === 0 ? undefined : statusName(grpcStatus)
  if (status === undefined) return withdrawn
  return status >= 400 ? String(status) : undefined
}

/** Trailers tell it of the answer that is passed on, a head of one that is not. */
function grpcStatusOf({ call, verdict }: Attempt): number | undefined {
  const told = verdict?.kind === 'response' ? verdict.grpcStatus : undefined
  return told ?? (verdict?.kind === 'response' ? call.grpcStatus : undefined)
}

function methodOf(method: string): string {
  return methods.has(method) ? method : 'HTTP'
}

function httpAttributes({ call }: Attempt, { oldHttp }: Conventions): Attributes {
  const { view, request } = call
  const known = methods.has(view.method)
  const url = `${view.scheme}://${view.authority}${request.target}`.replace(secrets, '$1REDACTED')
  const userAgent = request.requestHeader('user-agent')
  const { 'server.address': name, 'server.port': port } = serverOf(view)
  return {
    'http.request.method': known ? view.method : '_OTHER',
    ...(known ? {} : { 'http.request.method_original': view.method }),
    'url.full': url,
    'network.protocol.version': call.cluster?.model.protocol === 'http2' ? '2' : '1.1',
    ...(userAgent === undefined ? {} : { 'user_agent.original': userAgent }),
    ...(oldHttp ? { 'http.method': view.method, 'http.url': url, 'net.peer.name': name, 'net.peer.port': port } : {}),
  }
}

function rpcAttributes(attempt: Attempt, { oldRpc, newRpc }: Conventions): Attributes {
  const name = rpcNameOf(attempt)
  const [service = '', method = ''] = name.split('/')
  return {
    ...(oldRpc ? { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method } : {}),
    ...(newRpc ? { 'rpc.system.name': 'grpc', 'rpc.method': name } : {}),
  }
}

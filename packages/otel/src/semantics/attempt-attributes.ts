// What the span of an attempt says, by OpenTelemetry's conventions for HTTP and RPC clients and in words of the mesh's own.
import type { Attributes } from '@opentelemetry/api'
import type { Attempt, Failure } from '@proxyless/core/spi'
import type { Conventions } from './conventions.ts'
import { statusName } from './grpc-status.ts'
import { otherMethod, requestMethod } from './request-method.ts'
import { serverAddress } from './server.ts'

/** How the answer broke off; undefined: it did not, or there was none. */
export type Broken = Failure | undefined

export interface AttemptOutcome {
  readonly attributes: Attributes
  /** `error.type`; undefined: all is well. */
  readonly error: string | undefined
  readonly status: number | undefined
  readonly grpcStatus: number | undefined
}

/** Values of the query that open doors. */
const secrets = /([?&](?:AWSAccessKeyId|Signature|sig|X-Goog-Signature)=)[^&#]*/g

/** `package.Service/Method` of a gRPC call. */
export function rpcNameOf({ call }: Attempt): string {
  return call.view.target.replace(/^\//, '')
}

export function attemptName(attempt: Attempt): string {
  if (attempt.call.grpc) return rpcNameOf(attempt)
  const method = requestMethod(attempt.call.view.method)
  return method === otherMethod ? 'HTTP' : method
}

// built by assignment: an object spread into another costs more than the rest of a span (PERFORMANCE 10)

/** What a span begins with: what the conventions want samplers to see. An SDK copies these twice, those that come later not. */
export function attemptAttributes(attempt: Attempt, conventions: Conventions): Attributes {
  const { view } = attempt.call
  const attributes: Attributes = { 'server.address': serverAddress(view), 'server.port': view.port }
  if (attempt.call.grpc) addRpc(attributes, attempt, conventions)
  else addHttp(attributes, attempt, conventions)
  return attributes
}

/** Where it goes, of a span that is recorded. */
export function attemptWay({ call, endpoint, number }: Attempt): Attributes {
  const { address, port } = endpoint.model
  const attributes: Attributes = {
    'network.peer.address': address,
    'mesh.route.name': call.routeName,
    'mesh.cluster': call.request.clusterName,
    'mesh.attempt': number,
    'upstream.address': endpoint.key,
  }
  if (port !== 0) attributes['network.peer.port'] = port
  if (number > 1) attributes['http.request.resend_count'] = number - 1
  const variant = call.cluster?.model.service.variant
  if (variant !== undefined) attributes['mesh.subset'] = variant
  if (call.grpc) return attributes
  attributes['network.protocol.version'] = call.cluster?.model.protocol === 'http2' ? '2' : '1.1'
  const userAgent = call.request.requestHeader('user-agent')
  if (userAgent !== undefined) attributes['user_agent.original'] = userAgent
  return attributes
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

function addHttp(attributes: Attributes, { call }: Attempt, { oldHttp }: Conventions): void {
  const { view, request } = call
  const full = `${view.scheme}://${view.authority}${request.target}`
  const url = full.includes('?') ? full.replace(secrets, '$1REDACTED') : full
  const method = requestMethod(view.method)
  attributes['http.request.method'] = method
  if (method === otherMethod) attributes['http.request.method_original'] = view.method
  attributes['url.full'] = url
  if (!oldHttp) return
  attributes['http.method'] = view.method
  attributes['http.url'] = url
  attributes['net.peer.name'] = serverAddress(view)
  attributes['net.peer.port'] = view.port
}

function addRpc(attributes: Attributes, attempt: Attempt, { oldRpc, newRpc }: Conventions): void {
  const name = rpcNameOf(attempt)
  if (oldRpc) {
    const slash = name.indexOf('/')
    attributes['rpc.system'] = 'grpc'
    attributes['rpc.service'] = name.slice(0, slash)
    attributes['rpc.method'] = name.slice(slash + 1)
  }
  if (newRpc) {
    attributes['rpc.system.name'] = 'grpc'
    attributes['rpc.method'] = name
  }
}

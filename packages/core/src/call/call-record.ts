// What is told of a call that has ended, and what its tracer hears.
import type { Clock } from '../base/clock.ts'
import type { Call } from './conduct.ts'
import type { CallRecord, CallSizes } from './observer.ts'

const noSizes: CallSizes = { requestBytes: 0, responseBytes: 0, requestMessages: 0, responseMessages: 0 }

/** @param service of the cluster that the call was led to, alive or not */
export function recordOf(
  call: Call,
  status: number,
  startedAtMs: number,
  clock: Clock,
  service: CallRecord['service'],
): CallRecord {
  const { view, request, lastAttempt } = call
  const endpoint = lastAttempt?.endpoint
  const durationMs = clock.now() - startedAtMs
  return {
    protocol: call.grpc ? 'grpc' : 'http',
    authority: view.authority,
    method: view.method,
    path: request.path,
    target: view.target,
    route: call.routeName,
    statPrefix: call.plan?.route.statPrefix ?? '',
    cluster: request.clusterName,
    service,
    endpoint: endpoint?.key ?? '',
    endpointLabels: endpoint?.model.labels ?? {},
    endpointName: endpoint?.model.name ?? '',
    attempts: call.attempts,
    status,
    grpcStatus: call.grpc ? call.grpcStatus : undefined,
    flags: call.flags,
    details: call.local?.details ?? '',
    startedAtMs: clock.wallNow() - durationMs,
    durationMs,
    upstreamMs: call.upstreamMs,
    sizes: sizesOf(call),
    header: (name) => request.requestHeader(name),
  }
}

function sizesOf({ exchange, local }: Call): CallSizes {
  const sizes = exchange.sizes?.() ?? noSizes
  if (local === undefined) return sizes
  const { length } = typeof local.body === 'string' ? new TextEncoder().encode(local.body) : local.body
  return { ...sizes, responseBytes: length }
}

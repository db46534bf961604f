// Which timeouts hold for one call: the route's, the retry policy's, and what a trusted or gRPC caller asks.
// Source: Envoy router "x-envoy-upstream-rq-timeout-ms", "grpc-timeout" and Route.max_grpc_timeout.
import type { RequestView } from '../route/request-view.ts'
import type { ForwardAction } from '../model/route.ts'
import { controlHeader } from './control-headers.ts'

export interface CallTimeouts {
  /** 0: none. */
  readonly globalMs: number
  /** 0: none. */
  readonly perTryMs: number
}

export function timeoutsOf(action: ForwardAction, view: RequestView, trusted: boolean, grpc: boolean): CallTimeouts {
  const routeMs = grpc ? grpcTimeout(action, view) : action.timeoutMs
  const perTryMs = action.retry?.perTryTimeoutMs ?? 0
  if (!trusted) return effectiveTimeouts(routeMs, perTryMs)
  return effectiveTimeouts(
    controlHeader(view, 'x-envoy-upstream-rq-timeout-ms') ?? routeMs,
    controlHeader(view, 'x-envoy-upstream-rq-per-try-timeout-ms') ?? perTryMs,
  )
}

/** What the route alone says: all that holds for most calls. */
export function routeTimeouts(action: ForwardAction): CallTimeouts {
  return effectiveTimeouts(action.timeoutMs, action.retry?.perTryTimeoutMs ?? 0)
}

/** A per-try timeout that is not below the whole call's is not used. */
export function effectiveTimeouts(globalMs: number, perTryMs: number): CallTimeouts {
  return { globalMs, perTryMs: globalMs !== 0 && perTryMs >= globalMs ? 0 : perTryMs }
}

function grpcTimeout(action: ForwardAction, view: RequestView): number {
  if (action.maxGrpcTimeoutMs === undefined) return action.timeoutMs
  const header = view.header('grpc-timeout')
  const asked = typeof header === 'string' ? parseGrpcTimeout(header) : undefined
  const limit = action.maxGrpcTimeoutMs
  if (asked === undefined || asked === 0) return limit
  return limit === 0 ? asked : Math.min(asked, limit)
}

/** Bound of one attempt, 0 for none; `leftMs` is what remains of the call's own. */
export function attemptTimeoutMs({ globalMs, perTryMs }: CallTimeouts, leftMs: number): number {
  const boundMs = perTryMs === 0 ? globalMs : perTryMs
  return boundMs === 0 ? 0 : Math.max(1, Math.floor(Math.min(boundMs, leftMs)))
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000001 }
/** A value has no more than 8 digits. */
const mostOfUnit = 99_999_999

/** A `grpc-timeout` value: milliseconds while they fit, else the finest unit that does; never more than can be said. */
export function formatGrpcTimeout(ms: number): string {
  if (ms <= mostOfUnit) return `${ms}m`
  if (ms <= mostOfUnit * 1_000) return `${Math.ceil(ms / 1_000)}S`
  if (ms <= mostOfUnit * 60_000) return `${Math.ceil(ms / 60_000)}M`
  return `${Math.min(mostOfUnit, Math.ceil(ms / 3_600_000))}H`
}

/** Milliseconds of a `grpc-timeout` value, rounded up; undefined when it is not one. */
export function parseGrpcTimeout(value: string): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(value)
  if (parts === null) return undefined
  return Math.ceil(Number(parts[1]) * (unitMs[parts[2] ?? ''] ?? 0))
}

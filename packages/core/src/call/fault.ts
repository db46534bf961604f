// Fault injection's dice: delay and abort are drawn independently, before the call is routed to a cluster.
// Source: Envoy HTTP fault filter; percentages count in millionths.
import { chance, type Random } from '../base/random.ts'
import type { FaultPolicy, FractionalPercent, RequestedFault } from '../model/policy.ts'
import type { RequestView } from '../route/request-view.ts'

/** Milliseconds to wait; 0 for no delay. */
export function drawDelay({ delay, requested }: FaultPolicy, view: RequestView, random: Random): number {
  if (requested?.delay !== undefined) {
    const delayMs = numberIn(view, 'x-envoy-fault-delay-request') ?? 0
    const percent = shareOf(requested.delay, view, 'x-envoy-fault-delay-request-percentage')
    return delayMs > 0 && chance(percent, random) ? delayMs : 0
  }
  return delay !== undefined && chance(delay.percent, random) ? delay.delayMs : 0
}

/** The abort to answer with, or undefined. */
export function drawAbort(
  { abort, requested }: FaultPolicy,
  view: RequestView,
  random: Random,
): FaultPolicy['abort'] | undefined {
  if (requested?.abort !== undefined) {
    const percent = shareOf(requested.abort, view, 'x-envoy-fault-abort-request-percentage')
    const status = statusIn(view)
    return status !== undefined && chance(percent, random) ? { ...status, percent } : undefined
  }
  if (abort === undefined || (abort.httpStatus === undefined && abort.grpcStatus === undefined)) return undefined
  return chance(abort.percent, random) ? abort : undefined
}

/** How many calls a fault is at work on, from its beginning to the end of the call. */
export class ActiveFaults {
  now = 0

  /** False: there are as many as a policy lets be. */
  tryStart({ maxActive = Infinity }: FaultPolicy): boolean {
    if (this.now >= maxActive) return false
    this.now++
    return true
  }

  end(): void {
    this.now--
  }
}

/** What the request asks for, at most what the policy lets it. */
function shareOf({ max, unit }: RequestedFault, view: RequestView, name: string): FractionalPercent {
  const asked = numberIn(view, name)
  return asked === undefined ? max : { numerator: Math.min(asked * unit, max.numerator) }
}

/** An HTTP status wins over a gRPC one. */
function statusIn(view: RequestView): { httpStatus: number } | { grpcStatus: number } | undefined {
  const httpStatus = numberIn(view, 'x-envoy-fault-abort-request')
  if (httpStatus !== undefined && httpStatus >= 200 && httpStatus < 600) return { httpStatus }
  const grpcStatus = numberIn(view, 'x-envoy-fault-abort-grpc-request')
  return grpcStatus === undefined ? undefined : { grpcStatus }
}

function numberIn(view: RequestView, name: string): number | undefined {
  const lines = view.header(name)
  const text = typeof lines === 'string' ? lines : lines?.[0]
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

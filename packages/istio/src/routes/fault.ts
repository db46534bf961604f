// Faults and percentages in the engine's words.
import type { FaultPolicy, FractionalPercent } from '@proxyless/core/spi'
import type { PercentSpec } from '../schema/primitives.ts'
import type { FaultSpec } from '../schema/virtual-service.ts'
import { grpcStatusOf } from '../validate/fault.ts'

/** Percent to parts of a million, cut off as istiod does. */
export function fractionOf(percent: number): FractionalPercent {
  return { numerator: Math.floor(percent * 10_000) }
}

/** Undefined when the fault can never happen. */
export function translateFault({ delay, abort }: FaultSpec): FaultPolicy | undefined {
  const delayPercent = percentOr(delay?.percentage, delay?.percent ?? 0)
  const abortPercent = percentOr(abort?.percentage, 0)
  const delays = delay?.fixedDelay !== undefined && delayPercent.numerator > 0
  const aborts = (abort?.httpStatus ?? abort?.grpcStatus) !== undefined && abortPercent.numerator > 0
  if (!delays && !aborts) return undefined
  return {
    ...(delays ? { delay: { delayMs: delay.fixedDelay, percent: delayPercent } } : {}),
    ...(aborts ? { abort: { ...statusOf(abort), percent: abortPercent } } : {}),
  }
}

function percentOr(percentage: PercentSpec | undefined, otherwise: number): FractionalPercent {
  return fractionOf(percentage === undefined ? otherwise : (percentage.value ?? 0))
}

function statusOf(abort: FaultSpec['abort']): { httpStatus?: number; grpcStatus?: number } {
  if (abort?.httpStatus !== undefined) return { httpStatus: abort.httpStatus }
  const grpcStatus = grpcStatusOf(abort?.grpcStatus ?? '')
  return grpcStatus === undefined ? {} : { grpcStatus }
}

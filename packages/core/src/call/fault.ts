// Fault injection's dice: delay and abort are drawn independently, before the call is routed to a cluster.
// Source: Envoy HTTP fault filter; percentages count in millionths.
import { below, type Random } from '../base/random.ts'
import type { FaultPolicy, FractionalPercent } from '../model/policy.ts'

const million = 1_000_000

export function chance(percent: FractionalPercent, random: Random): boolean {
  if (percent.numerator <= 0) return false
  return percent.numerator >= million || below(random, million) < percent.numerator
}

/** Milliseconds to wait; 0 for no delay. */
export function drawDelay(fault: FaultPolicy, random: Random): number {
  return fault.delay !== undefined && chance(fault.delay.percent, random) ? fault.delay.delayMs : 0
}

/** The abort to answer with, or undefined. */
export function drawAbort(fault: FaultPolicy, random: Random): NonNullable<FaultPolicy['abort']> | undefined {
  const { abort } = fault
  if (abort === undefined || (abort.httpStatus === undefined && abort.grpcStatus === undefined)) return undefined
  return chance(abort.percent, random) ? abort : undefined
}

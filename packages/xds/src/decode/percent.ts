// Chances as xDS has them: a fraction of a hundred, of ten thousand or of a million.
import type { FractionalPercent } from '@proxyless/core/spi'
import type { FractionalPercent as WirePercent } from '../generated/envoy/type/v3/percent.ts'

const perMillion: Readonly<Record<number, number>> = { 0: 10_000, 1: 100, 2: 1 }

/** Undefined when the denominator is none of the three. */
export function fractionOf(percent: WirePercent | undefined): FractionalPercent | undefined {
  const factor = perMillion[percent?.denominator ?? 0]
  return factor === undefined ? undefined : { numerator: Math.min(1_000_000, (percent?.numerator ?? 0) * factor) }
}

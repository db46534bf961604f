// Balancers that no other client has, as a TypedStruct in a list of policies (gRFC A52).
import type { LoadBalancer } from '@proxyless/core/spi'
import { numbersIn, type Own } from './metadata.ts'

export const PEAK_EWMA = 'type.googleapis.com/proxyless.dev.PeakEwma'

/** Undefined: not what was meant. */
export function readPeakEwma(value: Own | undefined): LoadBalancer | undefined {
  const numbers = numbersIn(value, ['decayMs', 'failurePenalty'])
  return numbers && { kind: 'peakEwma', ...numbers }
}

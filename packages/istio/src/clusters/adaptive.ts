// What annotations let the calls of a cluster adapt to.
import type { AdaptiveConcurrency, AdaptivePolicy, Hedging, Throttling } from '@proxyless/core/spi'
import { numberOf, type PlacedAnnotation, type PlacedAnnotations, said } from '../annotations/placed.ts'

/** @param origin hears which annotation sets which part */
export function translateAdaptive(
  annotations: PlacedAnnotations,
  origin: (part: string, placed: PlacedAnnotation) => void,
): AdaptivePolicy | undefined {
  const policy: { -readonly [P in keyof AdaptivePolicy]: AdaptivePolicy[P] } = {}
  const take = (part: keyof AdaptivePolicy, placed: PlacedAnnotation | undefined): PlacedAnnotation | undefined => {
    const value = said(placed)
    if (value !== undefined) origin(part, value)
    return value
  }
  const throttling = take('throttling', annotations['adaptive-throttling'])
  if (throttling !== undefined) policy.throttling = translateThrottling(throttling)
  const concurrency = take('concurrency', annotations['adaptive-concurrency'])
  if (concurrency !== undefined) policy.concurrency = translateConcurrency(concurrency)
  const hedging = take('hedging', annotations.hedging)
  if (hedging !== undefined) policy.hedging = translateHedging(hedging)
  if (take('retriesInTime', annotations['deadline-aware-retries']) !== undefined) policy.retriesInTime = true
  const correction = take('loopCorrection', annotations['event-loop-correction'])
  if (correction !== undefined) policy.loopCorrection = { maxGraceMs: numberOf(correction, 'maxGrace') }
  return Object.keys(policy).length === 0 ? undefined : policy
}

function translateThrottling(placed: PlacedAnnotation): Throttling {
  return {
    k: numberOf(placed, 'k'),
    windowMs: numberOf(placed, 'window'),
    maxRejection: numberOf(placed, 'maxRejectionPercent') / 100,
  }
}

function translateHedging(placed: PlacedAnnotation): Hedging {
  return {
    percentile: numberOf(placed, 'percentile') / 100,
    minDelayMs: numberOf(placed, 'minDelay'),
    maxBlockedMs: numberOf(placed, 'maxBlocked'),
  }
}

function translateConcurrency(placed: PlacedAnnotation): AdaptiveConcurrency {
  return {
    initial: numberOf(placed, 'initial'),
    min: numberOf(placed, 'min'),
    max: numberOf(placed, 'max'),
    tolerance: numberOf(placed, 'tolerance'),
    windowMs: numberOf(placed, 'window'),
  }
}

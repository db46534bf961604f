// Who fails more than others, by the requests of the last interval: success rate and failure percentage.
// Source: Envoy DetectorImpl processSuccessRateEjections and successRateEjectionThreshold. Called by outlier at every sweep.
import type { FailurePercentage, OutlierDetection, SuccessRate } from '../model/outlier.ts'
import type { Ejections } from './ejections.ts'
import type { Endpoint } from './endpoint.ts'

/** What is counted: answers of endpoints, or what happened on this side. */
export type Origin = 'external' | 'local'

interface Rated {
  readonly endpoint: Endpoint
  readonly requests: number
  /** Percent. */
  readonly successRate: number
}

export function judgeRates(
  { successRate, failurePercentage }: OutlierDetection,
  endpoints: Iterable<Endpoint>,
  origin: Origin,
  ejections: Ejections,
): void {
  const rated: Rated[] = []
  for (const endpoint of endpoints) {
    const count = endpoint.tally?.[origin]
    if (endpoint.ejected || count === undefined || count.lastTotal === 0) continue
    rated.push({ endpoint, requests: count.lastTotal, successRate: count.successRate })
  }
  if (successRate !== undefined) judgeSuccess(successRate, rated, origin, ejections)
  if (failurePercentage !== undefined) judgeFailures(failurePercentage, rated, origin, ejections)
}

function judgeSuccess(policy: SuccessRate, rated: readonly Rated[], origin: Origin, ejections: Ejections): void {
  const { minimumHosts = 5, requestVolume = 100, stdevFactor = 1.9, enforcing = 1, enforcingLocalOrigin = 1 } = policy
  const valid = rated.filter(({ requests }) => requests >= requestVolume)
  if (valid.length === 0 || valid.length < minimumHosts) return
  const threshold = successThreshold(
    valid.map((one) => one.successRate),
    stdevFactor,
  )
  for (const one of valid) {
    if (one.successRate >= threshold) continue
    const reason = `success rate ${shown(one.successRate)} below ${shown(threshold)}${besides(origin)}`
    ejections.eject(one.endpoint, origin === 'external' ? enforcing : enforcingLocalOrigin, reason)
  }
}

/** Mean less so many standard deviations. */
export function successThreshold(rates: readonly number[], factor: number): number {
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length
  return mean - factor * Math.sqrt(variance)
}

function judgeFailures(policy: FailurePercentage, rated: readonly Rated[], origin: Origin, ejections: Ejections): void {
  const { minimumHosts = 5, requestVolume = 50, threshold = 0.85, enforcing = 0, enforcingLocalOrigin = 0 } = policy
  const valid = rated.filter(({ requests }) => requests >= requestVolume)
  if (valid.length === 0 || valid.length < minimumHosts) return
  for (const one of valid) {
    const failures = 100 - one.successRate
    if (failures < threshold * 100 - 1e-9) continue
    const reason = `${shown(failures)} of requests failed${besides(origin)}`
    ejections.eject(one.endpoint, origin === 'external' ? enforcing : enforcingLocalOrigin, reason)
  }
}

function besides(origin: Origin): string {
  return origin === 'local' ? ' (local origin)' : ''
}

function shown(percent: number): string {
  return `${Number(percent.toFixed(1))} %`
}

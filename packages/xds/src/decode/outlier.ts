// Outlier detection: every detector with its chances. gRPC (A50) does not count failures in a row; where they are named they are meant.
import type { OutlierDetection } from '@proxyless/core/spi'
import type { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import type { OutlierDetection as Wire } from '../generated/envoy/config/cluster/v3/outlier_detection.ts'
import type { Reading } from './reading.ts'

const path = 'outlier_detection'

export function readOutlier(reading: Reading, { outlierDetection: said }: Cluster): OutlierDetection | undefined {
  if (said === undefined) return undefined
  checkPercentages(reading, said)
  const ms = (field: string, duration: Wire['interval'], otherwise: number): number =>
    reading.milliseconds(`${path}.${field}`, duration) ?? otherwise
  const inRow = reading.options.dialect === 'api' ? 0 : 5
  const split = said.splitExternalLocalOriginErrors
  const base = ms('base_ejection_time', said.baseEjectionTime, 30_000)
  const jitter = ms('max_ejection_time_jitter', said.maxEjectionTimeJitter, 0)
  const { alwaysEjectOneHost, successfulActiveHealthCheckUnejectHost: healing } = said
  return {
    consecutive5xx: enforced(said.consecutive5xx, inRow, said.enforcingConsecutive5xx ?? 100),
    consecutiveGatewayFailure: enforced(
      said.consecutiveGatewayFailure,
      5,
      said.enforcingConsecutiveGatewayFailure ?? 0,
    ),
    splitExternalLocalOriginErrors: split,
    consecutiveLocalOriginFailure: split
      ? enforced(said.consecutiveLocalOriginFailure, 5, said.enforcingConsecutiveLocalOriginFailure ?? 100)
      : 0,
    ...enforcing(said),
    intervalMs: ms('interval', said.interval, 10_000),
    baseEjectionTimeMs: base,
    maxEjectionTimeMs: Math.max(base, ms('max_ejection_time', said.maxEjectionTime, 300_000)),
    maxEjectionPercent: (said.maxEjectionPercent ?? 10) / 100,
    ...(jitter === 0 ? {} : { maxEjectionTimeJitterMs: jitter }),
    // gRPC may always eject one
    ...((alwaysEjectOneHost ?? reading.options.dialect === 'api') ? { alwaysEjectOneHost: true } : {}),
    ...(healing === undefined ? {} : { healthCheckEndsEjection: healing }),
    ...successRate(said),
    ...failurePercentage(said),
  }
}

/** Only chances: what always ejects and what never does is in the counts. */
function enforcing(said: Wire): Pick<OutlierDetection, 'enforcing'> {
  const chances = Object.entries({
    consecutive5xx: said.enforcingConsecutive5xx,
    consecutiveGatewayFailure: said.enforcingConsecutiveGatewayFailure,
    consecutiveLocalOriginFailure: said.enforcingConsecutiveLocalOriginFailure,
  }).flatMap(([name, percent = 0]) => (percent > 0 && percent < 100 ? [[name, percent / 100] as const] : []))
  return chances.length === 0 ? {} : { enforcing: Object.fromEntries(chances) }
}

function enforced(count: number | undefined, otherwise: number, enforcing: number): number {
  return enforcing === 0 ? 0 : (count ?? otherwise)
}

function successRate(said: Wire): Pick<OutlierDetection, 'successRate'> {
  const enforcing = (said.enforcingSuccessRate ?? 100) / 100
  const enforcingLocalOrigin = localOrigin(said, said.enforcingLocalOriginSuccessRate ?? 100)
  if (enforcing === 0 && enforcingLocalOrigin === 0) return {}
  return {
    successRate: {
      minimumHosts: said.successRateMinimumHosts ?? 5,
      requestVolume: said.successRateRequestVolume ?? 100,
      stdevFactor: (said.successRateStdevFactor ?? 1900) / 1000,
      enforcing,
      enforcingLocalOrigin,
    },
  }
}

/** Failures of local origin are only counted apart in split mode. */
function localOrigin({ splitExternalLocalOriginErrors }: Wire, percent: number): number {
  return splitExternalLocalOriginErrors ? percent / 100 : 0
}

function failurePercentage(said: Wire): Pick<OutlierDetection, 'failurePercentage'> {
  const enforcing = (said.enforcingFailurePercentage ?? 0) / 100
  const enforcingLocalOrigin = localOrigin(said, said.enforcingFailurePercentageLocalOrigin ?? 0)
  if (enforcing === 0 && enforcingLocalOrigin === 0) return {}
  return {
    failurePercentage: {
      minimumHosts: said.failurePercentageMinimumHosts ?? 5,
      requestVolume: said.failurePercentageRequestVolume ?? 50,
      threshold: (said.failurePercentageThreshold ?? 85) / 100,
      enforcing,
      enforcingLocalOrigin,
    },
  }
}

function checkPercentages(reading: Reading, said: Wire): void {
  for (const [field, percent] of [
    ['max_ejection_percent', said.maxEjectionPercent],
    ['enforcing_consecutive_5xx', said.enforcingConsecutive5xx],
    ['enforcing_consecutive_gateway_failure', said.enforcingConsecutiveGatewayFailure],
    ['enforcing_success_rate', said.enforcingSuccessRate],
    ['enforcing_failure_percentage', said.enforcingFailurePercentage],
    ['failure_percentage_threshold', said.failurePercentageThreshold],
  ] as const) {
    if ((percent ?? 0) > 100) reading.refuse(`${path}.${field}`, 'more than 100')
  }
}

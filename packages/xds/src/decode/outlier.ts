// Outlier detection: every detector with its chances. gRPC (A50) does not count failures in a row; where they are named they are meant.
import type { OutlierDetection } from '@proxyless/core/spi'
import type { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import type { OutlierDetection as Wire } from '../generated/envoy/config/cluster/v3/outlier_detection.ts'
import { CLUSTER_FIELDS } from './fields/cluster-fields.ts'
import type { Reading } from './reading.ts'

const path = 'outlier_detection'

export function readOutlier(reading: Reading, { outlierDetection: said }: Cluster): OutlierDetection | undefined {
  if (said === undefined) return undefined
  reading.tell(path, said, CLUSTER_FIELDS.OutlierDetection)
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
    ...chances(said),
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

function enforced(count: number | undefined, otherwise: number, enforcing: number): number {
  return enforcing === 0 ? 0 : (count ?? otherwise)
}

/** Those of detectors that are on and do not always act. */
function chances(said: Wire): Pick<OutlierDetection, 'enforcing'> {
  const entries = [
    ['consecutive5xx', said.enforcingConsecutive5xx ?? 100],
    ['consecutiveGatewayFailure', said.enforcingConsecutiveGatewayFailure ?? 0],
    ['consecutiveLocalOriginFailure', said.enforcingConsecutiveLocalOriginFailure ?? 100],
  ] as const
  const some = entries.filter(([, percent]) => percent > 0 && percent < 100)
  if (some.length === 0) return {}
  return { enforcing: Object.fromEntries(some.map(([field, percent]) => [field, percent / 100])) }
}

function successRate(said: Wire): Pick<OutlierDetection, 'successRate'> {
  const enforcing = (said.enforcingSuccessRate ?? 100) / 100
  const enforcingLocalOrigin = (said.enforcingLocalOriginSuccessRate ?? 100) / 100
  // failures of local origin are judged apart in split mode only
  const judged = said.splitExternalLocalOriginErrors ? enforcingLocalOrigin : 0
  if (enforcing === 0 && judged === 0) return {}
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

function failurePercentage(said: Wire): Pick<OutlierDetection, 'failurePercentage'> {
  const enforcing = (said.enforcingFailurePercentage ?? 0) / 100
  const enforcingLocalOrigin = (said.enforcingFailurePercentageLocalOrigin ?? 0) / 100
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

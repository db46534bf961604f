// Outlier detection -> Envoy's message. A detector with 0, or that is not there, does not enforce.
import type { OutlierDetection } from '@proxyless/core/spi'
import { OutlierDetection as Wire } from '../generated/envoy/config/cluster/v3/outlier_detection.ts'
import { duration, given, wholePercent } from './values.ts'

export function writeOutlier(detection: OutlierDetection): Wire {
  const { enforcing = {} } = detection
  return Wire.fromPartial({
    consecutive5xx: Math.max(1, detection.consecutive5xx),
    enforcingConsecutive5xx: chance(detection.consecutive5xx, enforcing.consecutive5xx),
    consecutiveGatewayFailure: Math.max(1, detection.consecutiveGatewayFailure),
    enforcingConsecutiveGatewayFailure: chance(
      detection.consecutiveGatewayFailure,
      enforcing.consecutiveGatewayFailure,
    ),
    splitExternalLocalOriginErrors: detection.splitExternalLocalOriginErrors,
    consecutiveLocalOriginFailure: Math.max(1, detection.consecutiveLocalOriginFailure),
    enforcingConsecutiveLocalOriginFailure: chance(
      detection.consecutiveLocalOriginFailure,
      enforcing.consecutiveLocalOriginFailure,
    ),
    interval: duration(detection.intervalMs),
    baseEjectionTime: duration(detection.baseEjectionTimeMs),
    maxEjectionTime: duration(detection.maxEjectionTimeMs),
    maxEjectionPercent: wholePercent(detection.maxEjectionPercent),
    alwaysEjectOneHost: detection.alwaysEjectOneHost ?? false,
    ...given('maxEjectionTimeJitter', detection.maxEjectionTimeJitterMs, duration),
    ...given('successfulActiveHealthCheckUnejectHost', detection.healthCheckEndsEjection, (value) => value),
    ...successRate(detection.successRate),
    ...failurePercentage(detection.failurePercentage),
  })
}

function chance(threshold: number, enforcing = 1): number {
  return threshold === 0 ? 0 : wholePercent(enforcing)
}

function successRate(detector: OutlierDetection['successRate']): Partial<Wire> {
  if (detector === undefined) return { enforcingSuccessRate: 0, enforcingLocalOriginSuccessRate: 0 }
  return {
    enforcingSuccessRate: wholePercent(detector.enforcing ?? 1),
    enforcingLocalOriginSuccessRate: wholePercent(detector.enforcingLocalOrigin ?? 1),
    successRateMinimumHosts: detector.minimumHosts ?? 5,
    successRateRequestVolume: detector.requestVolume ?? 100,
    successRateStdevFactor: Math.round((detector.stdevFactor ?? 1.9) * 1000),
  }
}

function failurePercentage(detector: OutlierDetection['failurePercentage']): Partial<Wire> {
  if (detector === undefined) return { enforcingFailurePercentage: 0, enforcingFailurePercentageLocalOrigin: 0 }
  return {
    enforcingFailurePercentage: wholePercent(detector.enforcing ?? 0),
    enforcingFailurePercentageLocalOrigin: wholePercent(detector.enforcingLocalOrigin ?? 0),
    failurePercentageMinimumHosts: detector.minimumHosts ?? 5,
    failurePercentageRequestVolume: detector.requestVolume ?? 50,
    failurePercentageThreshold: wholePercent(detector.threshold ?? 0.85),
  }
}

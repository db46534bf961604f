// Outlier detection -> Envoy's. A detector with 0, or that is not there, does not enforce.
import type { OutlierDetection } from '@proxyless/core/spi'
import { duration, given, type Json } from './values.ts'

export function outlierOf(detection: OutlierDetection): Json {
  const { enforcing = {} } = detection
  return {
    consecutive_5xx: Math.max(1, detection.consecutive5xx),
    enforcing_consecutive_5xx: chance(detection.consecutive5xx, enforcing.consecutive5xx),
    consecutive_gateway_failure: Math.max(1, detection.consecutiveGatewayFailure),
    enforcing_consecutive_gateway_failure: chance(
      detection.consecutiveGatewayFailure,
      enforcing.consecutiveGatewayFailure,
    ),
    split_external_local_origin_errors: detection.splitExternalLocalOriginErrors,
    consecutive_local_origin_failure: Math.max(1, detection.consecutiveLocalOriginFailure),
    enforcing_consecutive_local_origin_failure: chance(
      detection.consecutiveLocalOriginFailure,
      enforcing.consecutiveLocalOriginFailure,
    ),
    interval: duration(detection.intervalMs),
    base_ejection_time: duration(detection.baseEjectionTimeMs),
    max_ejection_time: duration(detection.maxEjectionTimeMs),
    max_ejection_percent: Math.round(detection.maxEjectionPercent * 100),
    ...given('always_eject_one_host', detection.alwaysEjectOneHost),
    ...given('max_ejection_time_jitter', detection.maxEjectionTimeJitterMs, duration),
    ...given('successful_active_health_check_uneject_host', detection.healthCheckEndsEjection),
    ...successRateOf(detection.successRate),
    ...failurePercentageOf(detection.failurePercentage),
  }
}

function chance(threshold: number, enforcing = 1): number {
  return threshold === 0 ? 0 : Math.round(enforcing * 100)
}

function successRateOf(detector: OutlierDetection['successRate']): Json {
  if (detector === undefined) return { enforcing_success_rate: 0, enforcing_local_origin_success_rate: 0 }
  return {
    enforcing_success_rate: chance(1, detector.enforcing),
    enforcing_local_origin_success_rate: chance(1, detector.enforcingLocalOrigin),
    ...given('success_rate_minimum_hosts', detector.minimumHosts),
    ...given('success_rate_request_volume', detector.requestVolume),
    ...given('success_rate_stdev_factor', detector.stdevFactor, (factor) => Math.round(factor * 1_000)),
  }
}

function failurePercentageOf(detector: OutlierDetection['failurePercentage']): Json {
  if (detector === undefined) return { enforcing_failure_percentage: 0, enforcing_failure_percentage_local_origin: 0 }
  return {
    enforcing_failure_percentage: chance(1, detector.enforcing ?? 0),
    enforcing_failure_percentage_local_origin: chance(1, detector.enforcingLocalOrigin ?? 0),
    ...given('failure_percentage_minimum_hosts', detector.minimumHosts),
    ...given('failure_percentage_request_volume', detector.requestVolume),
    ...given('failure_percentage_threshold', detector.threshold, (share) => Math.round(share * 100)),
  }
}

/** Belongs to a cluster's protocol options: these statuses are errors, all others are not. */
export function errorsOf(detection: OutlierDetection | undefined): Json {
  const codes = detection?.errorStatusCodes
  if (codes === undefined) return {}
  const status = { name: ':status', string_match: { safe_regex: { regex: codes.join('|') } } }
  return { outlier_detection: { error_matcher: { http_response_headers_match: { headers: [status] } } } }
}

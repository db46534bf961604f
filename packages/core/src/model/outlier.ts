// Passive health as it was said: Envoy's outlier detection, its parameters and their defaults.
// Plain data; the living counterpart is cluster/outlier.

/** 0 in a `consecutive*` field switches that detector off. Where a field may be left out Envoy's default holds. */
export interface OutlierDetection {
  readonly consecutive5xx: number
  readonly consecutiveGatewayFailure: number
  readonly splitExternalLocalOriginErrors: boolean
  readonly consecutiveLocalOriginFailure: number
  readonly intervalMs: number
  readonly baseEjectionTimeMs: number
  readonly maxEjectionTimeMs: number
  /** 0..1 of all hosts; a hard cap. */
  readonly maxEjectionPercent: number
  /** The first host may always go, whatever the cap says. Default false. */
  readonly alwaysEjectOneHost?: boolean
  /** Up to so much is added to each ejection's time, so that hosts do not come back together. Default 0. */
  readonly maxEjectionTimeJitterMs?: number
  /** A passed health check ends an ejection. Default true. */
  readonly healthCheckEndsEjection?: boolean
  /** Chance (0..1) that a row of failures ejects. Default 1 each. */
  readonly enforcing?: {
    readonly consecutive5xx?: number
    readonly consecutiveGatewayFailure?: number
    readonly consecutiveLocalOriginFailure?: number
  }
  /** Hosts far below the others' mean; undefined: off. */
  readonly successRate?: SuccessRate
  /** Hosts of which so many requests fail; undefined: off. */
  readonly failurePercentage?: FailurePercentage
  /** These statuses count as errors and all others as success; undefined: 500 and above. */
  readonly errorStatusCodes?: readonly number[]
}

/** Judged at every interval by the requests of the last one. */
interface RateDetector {
  /** So many hosts must have had enough requests. Default 5. */
  readonly minimumHosts?: number
}

export interface SuccessRate extends RateDetector {
  /** Requests that make a host's rate count. Default 100. */
  readonly requestVolume?: number
  /** A rate below mean - factor * standard deviation ejects. Default 1.9. */
  readonly stdevFactor?: number
  /** Chance (0..1). Default 1. */
  readonly enforcing?: number
  /** The same for failures of local origin, in split mode. Default 1. */
  readonly enforcingLocalOrigin?: number
}

export interface FailurePercentage extends RateDetector {
  /** Requests that make a host's share count. Default 50. */
  readonly requestVolume?: number
  /** Share (0..1) of failures that ejects. Default 0.85. */
  readonly threshold?: number
  /** Chance (0..1). Default 0: such hosts are not ejected. */
  readonly enforcing?: number
  /** The same for failures of local origin, in split mode. Default 0. */
  readonly enforcingLocalOrigin?: number
}

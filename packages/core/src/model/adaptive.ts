// What a cluster's calls adapt to by what they measure themselves. Beyond Envoy; each part is off unless it is there.
// Plain data; the living counterpart is cluster/adaptive.

export interface AdaptivePolicy {
  readonly throttling?: Throttling
  readonly concurrency?: AdaptiveConcurrency
  readonly hedging?: Hedging
  /** No retry that, by the median latency, cannot end before the call's deadline. */
  readonly retriesInTime?: boolean
  /** Time in which this process could not look is not the endpoints'. */
  readonly loopCorrection?: LoopCorrection
}

/** Calls are rejected here with the chance max(0, (requests - k * accepted) / (requests + 1)), counted over a window (Google SRE). */
export interface Throttling {
  readonly k: number
  readonly windowMs: number
  /** 0..1: so many are never exceeded, that there is always something to learn from. */
  readonly maxRejection: number
}

/** A limit of requests under way that follows the latency (Netflix Gradient2). */
export interface AdaptiveConcurrency {
  readonly initial: number
  readonly min: number
  readonly max: number
  /** How much longer than usual a request may take before the limit falls. */
  readonly tolerance: number
  /** The limit is renewed this often. */
  readonly windowMs: number
}

/** A second attempt beside the first when that takes longer than most do. */
export interface Hedging {
  /** 0..1: which part of the answers had come by then. */
  readonly percentile: number
  /** Never earlier. */
  readonly minDelayMs: number
  /** None while the event loop was blocked for longer during the first attempt. */
  readonly maxBlockedMs: number
}

export interface LoopCorrection {
  /** A deadline is put off by so much at most. */
  readonly maxGraceMs: number
}

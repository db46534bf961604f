// What to do with a call once its route is known: timeouts, retries, faults, mirrors, hash keys.
// Plain data.

/** Retry conditions by Envoy's names (x-envoy-retry-on and x-envoy-retry-grpc-on). */
export const retryConditions = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-status-codes',
  'envoy-ratelimited',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const

export type RetryCondition = (typeof retryConditions)[number]

export interface RetryPolicy {
  /** Retries after the first attempt; 1 or more. */
  readonly numRetries: number
  readonly retryOn: readonly RetryCondition[]
  readonly retriableStatusCodes: readonly number[]
  /** Ends one attempt; undefined: bounded by the route timeout only. */
  readonly perTryTimeoutMs?: number
  /** Back-off before retry n is uniform in [0, min(base * 2^(n-1), max)). */
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /** Pick again (up to 5 times) when a host was tried before by this call. */
  readonly avoidPreviousHosts: boolean
  /** Retry other priorities first (Envoy previous_priorities, update frequency 2). */
  readonly retryOtherPriorities: boolean
  /** Servers that say when to come again are obeyed instead of the back-off. */
  readonly rateLimitedBackoff?: RateLimitedBackoff
  /** An attempt that passes its per-try timeout goes on while the next one is made; the first good answer wins. */
  readonly hedgeOnPerTryTimeout?: boolean
}

export interface RateLimitedBackoff {
  /** Lower case; the first that says a time within the limit counts. */
  readonly headers: readonly { readonly name: string; readonly format: 'seconds' | 'unixTimestamp' }[]
  /** What asks for more is not obeyed. Default 300 s. */
  readonly maxIntervalMs?: number
}

/** A chance as Envoy counts it: `numerator` of a million. */
export interface FractionalPercent {
  readonly numerator: number
}

export interface FaultPolicy {
  readonly delay?: { readonly delayMs: number; readonly percent: FractionalPercent }
  readonly abort?: {
    readonly httpStatus?: number
    readonly grpcStatus?: number
    readonly percent: FractionalPercent
  }
  /** Requests name their own faults by `x-envoy-fault-*` headers; then `delay` or `abort` is not looked at. */
  readonly requested?: { readonly delay?: RequestedFault; readonly abort?: RequestedFault }
  /** While so many calls of the process suffer a fault, others are spared. Default: no limit. */
  readonly maxActive?: number
}

export interface RequestedFault {
  /** For at most such a share, whatever a percentage header says. */
  readonly max: FractionalPercent
  /** What such a header counts in, of a million: 10,000 where it says percent. */
  readonly unit: number
}

export interface MirrorPolicy {
  readonly cluster: string
  readonly percent: FractionalPercent
  /** Insert `-shadow` before the port of the copy's Host. */
  readonly shadowHostSuffix: boolean
}

/** What the balancer's hash is made from; several are chained. */
export type HashPolicy = (
  | { readonly kind: 'header'; readonly name: string }
  | {
      readonly kind: 'cookie'
      readonly name: string
      /** Where the cookie is absent one is made, for so long; 0: for good. Undefined: none is made. */
      readonly ttlMs?: number
      readonly path?: string
      readonly attributes: readonly HeaderValueLike[]
    }
  | { readonly kind: 'sourceIp' }
  | { readonly kind: 'queryParameter'; readonly name: string }
) & {
  /** Those after it are not asked once there is a hash. */
  readonly terminal?: boolean
}

interface HeaderValueLike {
  readonly name: string
  readonly value: string
}

// The defaults that changed between Istio releases: one table, one row per default, one column per profile.

export type CompatProfile = 'latest' | 'istio-1.4'

export interface Compat {
  /** Of a route without `timeout`; 0: none. */
  readonly timeoutMs: number
  readonly loadBalancer: 'leastRequest' | 'roundRobin'
  /** Retries of a route without `retries`; 0: none. */
  readonly retryAttempts: number
  /** Conditions where `retryOn` is empty. */
  readonly retryOn: string
  readonly mirrorShadowSuffix: boolean
  /** 0..1, of clusters without outlier detection. */
  readonly panicThreshold: number
  /** Endpoints that are not ready are left out of clusters without outlier detection. */
  readonly dropUnhealthy: boolean
  /** `consecutiveErrors` counts gateway errors. */
  readonly consecutiveErrors: boolean
  readonly outboundMode: 'ALLOW_ANY' | 'REGISTRY_ONLY'
  readonly maxConcurrentStreams: number
}

const PROFILES: { readonly [P in CompatProfile]: Compat } = {
  latest: {
    timeoutMs: 0,
    loadBalancer: 'leastRequest',
    retryAttempts: 2,
    retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    mirrorShadowSuffix: false,
    panicThreshold: 0,
    dropUnhealthy: false,
    consecutiveErrors: false,
    outboundMode: 'ALLOW_ANY',
    maxConcurrentStreams: 1024,
  },
  'istio-1.4': {
    timeoutMs: 15_000,
    loadBalancer: 'roundRobin',
    retryAttempts: 0,
    retryOn: 'connect-failure,refused-stream,unavailable,cancelled,resource-exhausted,retriable-status-codes,503',
    mirrorShadowSuffix: true,
    panicThreshold: 0.5,
    dropUnhealthy: true,
    consecutiveErrors: true,
    outboundMode: 'REGISTRY_ONLY',
    maxConcurrentStreams: 2_147_483_647,
  },
}

export function compatOf(profile: CompatProfile | undefined): Compat {
  return PROFILES[profile ?? 'latest']
}

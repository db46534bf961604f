// Whether an attempt's verdict asks for another, and how long to wait before it. Pure: limits and budgets are elsewhere.
// Source: Envoy RetryStateImpl (wouldRetryFromHeaders, wouldRetryFromReset) and JitteredExponentialBackOffStrategy.
import { below, type Random } from '../base/random.ts'
import type { RetryCondition, RetryPolicy } from '../model/policy.ts'
import { isConnectFailure, type Failure, type Verdict } from '../cluster/verdict.ts'

/** The condition that asks for a retry, or undefined. */
export function retryReason(policy: RetryPolicy, verdict: Verdict): RetryCondition | undefined {
  return verdict.kind === 'failure' ? reasonOfFailure(policy, verdict.failure) : reasonOfResponse(policy, verdict)
}

function reasonOfResponse(policy: RetryPolicy, verdict: Verdict & { kind: 'response' }): RetryCondition | undefined {
  const { retryOn } = policy
  const { status, grpcStatus } = verdict
  if (verdict.rateLimited) return retryOn.includes('envoy-ratelimited') ? 'envoy-ratelimited' : undefined
  if (status < 409 && grpcStatus === undefined && !policy.retriableStatusCodes.includes(status)) return undefined
  return retryOn.find((condition) => {
    if (condition === '5xx') return status >= 500 && status < 600
    if (condition === 'gateway-error') return status >= 502 && status <= 504
    if (condition === 'retriable-4xx') return status === 409
    if (condition === 'retriable-status-codes') return policy.retriableStatusCodes.includes(status)
    return grpcStatus !== undefined && grpcStatus === grpcConditions[condition]
  })
}

const grpcConditions: Partial<Record<RetryCondition, number>> = {
  cancelled: 1,
  'deadline-exceeded': 4,
  'resource-exhausted': 8,
  internal: 13,
  unavailable: 14,
}

function reasonOfFailure(policy: RetryPolicy, failure: Failure): RetryCondition | undefined {
  if (failure === 'overflow' || failure === 'timeout') return undefined
  const { retryOn } = policy
  if (isConnectFailure(failure) && retryOn.includes('connect-failure')) return 'connect-failure'
  if ((failure === 'resetBeforeRequest' || isConnectFailure(failure)) && retryOn.includes('reset-before-request')) {
    return 'reset-before-request'
  }
  if (failure === 'refusedStream' && retryOn.includes('refused-stream')) return 'refused-stream'
  return retryOn.find((condition) => condition === 'reset' || condition === '5xx' || condition === 'gateway-error')
}

/** Wait before retry `n` (from 1): uniform whole milliseconds in [0, min(base * 2^(n-1), max)). */
export function backoffMs(policy: RetryPolicy, n: number, random: Random): number {
  const window = Math.min(Math.max(1, policy.backoffBaseMs) * 2 ** (n - 1), policy.backoffMaxMs)
  return below(random, Math.max(1, Math.floor(window)))
}

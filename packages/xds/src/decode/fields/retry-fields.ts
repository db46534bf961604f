// What becomes of the fields of retry policies.
import type {
  RetryPolicy,
  RetryPolicy_RateLimitedRetryBackOff,
  RetryPolicy_ResetHeader,
  RetryPolicy_RetryBackOff,
} from '../../generated/envoy/config/route/v3/route_components.ts'
import type { FieldsOf } from './fields.ts'

interface Messages {
  RetryPolicy: RetryPolicy
  RetryBackOff: RetryPolicy_RetryBackOff
  RateLimitedRetryBackOff: RetryPolicy_RateLimitedRetryBackOff
  ResetHeader: RetryPolicy_ResetHeader
}

export const RETRY_FIELDS: FieldsOf<Messages> = {
  RetryPolicy: {
    retryOn: 'read',
    numRetries: 'read',
    perTryTimeout: 'read',
    perTryIdleTimeout: 'told',
    retryPriority: 'read',
    retryHostPredicate: 'read',
    retryOptionsPredicates: 'told',
    hostSelectionRetryMaxAttempts: 'read',
    retriableStatusCodes: 'read',
    retryBackOff: 'read',
    rateLimitedRetryBackOff: 'read',
    retriableHeaders: 'told',
    retriableRequestHeaders: 'told',
  },
  RetryBackOff: {
    baseInterval: 'read',
    maxInterval: 'read',
  },
  RateLimitedRetryBackOff: {
    resetHeaders: 'read',
    maxInterval: 'read',
  },
  ResetHeader: {
    name: 'read',
    format: 'read',
  },
}

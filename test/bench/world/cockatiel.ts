// What a user puts around a client instead of a mesh: cockatiel's timeout, retry, breaker and bulkhead with the numbers
// that the mesh is given. One set for the service, the cheapest way; the answer is read inside, as its timeout wants.
import {
  bulkhead,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import type { Pool } from 'undici'
import { check } from './calls.ts'
import { authority, requestHeaders, target } from './reviews.ts'

/** Like `byRequest`. */
export function byCockatiel(next: () => Pool): () => Promise<void> {
  const policy = wrap(
    timeout(10_000, TimeoutStrategy.Aggressive),
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff({ initialDelay: 25, maxDelay: 250 }) }),
    circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) }),
    bulkhead(1_024, 1_024),
  )
  return () =>
    policy.execute(async ({ signal }) => {
      const { statusCode, body } = await next().request({
        origin: `http://${authority}`,
        path: target,
        method: 'GET',
        headers: requestHeaders,
        signal,
      })
      const text = await body.text()
      check(statusCode, text.length)
    })
}

// How long a server asks to wait before another attempt: `retry-after` and reset headers. Pure; read when a retry is scheduled.
// Source: Envoy RetryPolicy.rate_limited_retry_back_off, ResetHeaderParserImpl and JitteredLowerBoundBackOffStrategy.
import { below, type Random } from '../base/random.ts'
import type { RateLimitedBackoff } from '../model/policy.ts'

const defaultMaxMs = 300_000

/** The wait, [T, 1.5 T) for the first header that says a usable T; undefined: none does, and the usual back-off holds. */
export function rateLimitedMs(
  { headers, maxIntervalMs = defaultMaxMs }: RateLimitedBackoff,
  headerOf: (name: string) => string | undefined,
  wallNowMs: number,
  random: Random,
): number | undefined {
  for (const { name, format } of headers) {
    const text = headerOf(name)
    const seconds = text !== undefined && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN
    const leftMs = 1_000 * (format === 'seconds' ? seconds : seconds - Math.floor(wallNowMs / 1_000))
    if (leftMs < 0 || Number.isNaN(leftMs) || leftMs > maxIntervalMs) continue
    return leftMs === 0 ? undefined : leftMs + below(random, Math.floor(leftMs / 2))
  }
  return undefined
}

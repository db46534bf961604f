// What a retry policy must satisfy beyond its shape, and the retryOn words.
import { retryConditions } from '@proxyless/core/spi'
import type { Report } from '../findings.ts'
import type { RetriesSpec } from '../schema/virtual-service.ts'

export const RETRY_CONDITIONS: ReadonlySet<string> = new Set<string>(retryConditions)

/** Valid for Istio, but nothing that a client could see or a VirtualService could fill. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['retriable-headers', 'http3-post-connect-failure'])

export function checkRetries(retries: RetriesSpec, path: string, report: Report): void {
  const words = retries.retryOn === undefined || retries.retryOn === '' ? [] : retries.retryOn.split(',')
  for (const word of words) {
    if (WITHOUT_EFFECT.has(word)) {
      report.warn('RETRY_CONDITION_UNSUPPORTED', `${path}.retryOn`, `"${word}" has no effect here`)
    } else if (!RETRY_CONDITIONS.has(word) && !isStatus(word)) {
      const blank = word !== word.trim() ? '; there must be no blanks around commas' : ''
      report.error(
        'INVALID_VALUE',
        `${path}.retryOn`,
        `"${word}" is neither a retry condition nor a status code${blank}`,
      )
    }
  }
  const others = [
    retries.perTryTimeout,
    retries.retryOn,
    retries.retryRemoteLocalities,
    retries.backoff,
    retries.retryIgnorePreviousHosts,
  ]
  if ((retries.attempts ?? 0) === 0 && others.some((field) => field !== undefined)) {
    report.error('CONFLICTING_FIELDS', `${path}.attempts`, 'with 0 attempts no other retry field may be set')
  } else if (retries.perTryTimeout !== undefined && !words.some((word) => /^(5xx|gateway-error|reset)$/.test(word))) {
    const message =
      'an attempt that ends by perTryTimeout is not retried under these conditions; add reset, 5xx or gateway-error to retryOn'
    report.warn('RETRY_PER_TRY_NOT_RETRIED', `${path}.perTryTimeout`, message)
  }
}

export function isStatus(word: string): boolean {
  return /^[1-5]\d\d$/.test(word)
}

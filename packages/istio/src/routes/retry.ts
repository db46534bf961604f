// Retry policies in the engine's words.
import type { RetryCondition, RetryPolicy } from '@proxyless/core/spi'
import type { RetriesSpec } from '../schema/virtual-service.ts'
import { RETRY_CONDITIONS, isStatus } from '../validate/retries.ts'
import type { World } from '../world/world.ts'

/** Of a route that says `retries`, or of one that does not. `sticky`: the balancer shall find the same host again. */
export function translateRetries(
  said: RetriesSpec | undefined,
  world: World,
  sticky: boolean,
): RetryPolicy | undefined {
  const retries = said ?? world.settings.defaultRetries ?? { attempts: world.compat.retryAttempts }
  const numRetries = retries.attempts ?? 0
  if (numRetries <= 0) return undefined
  const { retryOn, retriableStatusCodes } = parseRetryOn(retries.retryOn || world.compat.retryOn)
  const backoffBaseMs = Math.max(1, retries.backoff ?? 25)
  return {
    numRetries,
    retryOn,
    retriableStatusCodes,
    ...(retries.perTryTimeout === undefined ? {} : { perTryTimeoutMs: retries.perTryTimeout }),
    backoffBaseMs,
    backoffMaxMs: backoffBaseMs * 10,
    avoidPreviousHosts: (retries.retryIgnorePreviousHosts ?? true) && !sticky,
    retryOtherPriorities: retries.retryRemoteLocalities ?? false,
  }
}

function parseRetryOn(text: string): { retryOn: RetryCondition[]; retriableStatusCodes: number[] } {
  const retryOn = new Set<RetryCondition>()
  const codes = new Set<number>()
  for (const word of text.split(',')) {
    if (isStatus(word)) codes.add(Number(word))
    else if (RETRY_CONDITIONS.has(word)) retryOn.add(word as RetryCondition)
  }
  if (codes.size > 0) retryOn.add('retriable-status-codes')
  return { retryOn: [...retryOn], retriableStatusCodes: [...codes] }
}

// What an HTTP status of a feed means for us.
import { retryAfter } from './delays.ts'
import type { Answer } from './client.ts'
import { Refusal } from './refusal.ts'

/** For any status but those that the caller expects. */
export function refusalOfStatus({ status, header }: Answer, wallNowMs: number): Refusal {
  const retryAfterMs = retryAfter(header('retry-after'), wallNowMs)
  if (status === 401 || status === 403) {
    const way = 'see the `headers` and `tls` of the feed'
    return new Refusal('FEED_UNAUTHORISED', `the feed answers ${status}, it does not let us in; ${way}`, retryAfterMs)
  }
  return new Refusal('FEED_UNREACHABLE', `the feed answers ${status}`, retryAfterMs)
}

/** There is no stream here, and asking soon again will not change that. */
export function meansNoStream(status: number): boolean {
  return [204, 400, 401, 403, 404, 405, 406, 410, 429, 501].includes(status)
}

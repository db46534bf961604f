// The x-envoy-* headers by which an application could steer its own call. Always removed before sending;
// obeyed only where the mesh was told to trust them (since Envoy 1.33 they are ignored by default).
import type { RetryCondition, RetryPolicy } from '../model/policy.ts'
import { type HeaderList, removeHeader } from '../route/header-list.ts'
import type { RequestView } from '../route/request-view.ts'

/** Set by the mesh; what an application passes on belongs to another call. */
export const attemptCountHeader = 'x-envoy-attempt-count'

const names: readonly string[] = [
  attemptCountHeader,
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-max-retries',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-upstream-stream-duration-ms',
  'x-envoy-expected-rq-timeout-ms',
]

const prefix = 'x-envoy-'
const shortest = 'x-envoy-retry-on'.length

/** Removes all control headers; costs one scan when there are none. */
export function stripControlHeaders(headers: HeaderList): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    // by length first: this runs over every header of every call
    if (name === undefined || name.length < shortest || !name.startsWith(prefix) || !names.includes(name)) continue
    removeHeader(headers, name)
    i -= 2
  }
}

/** A whole number from a control header, or undefined. */
export function controlHeader(view: RequestView, name: string): number | undefined {
  const value = view.header(name)
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined
}

/** Whether a timeout is to be answered with 204 instead of 504. */
export function asksForNoContent(view: RequestView): boolean {
  return view.header('x-envoy-upstream-rq-timeout-alt-response') !== undefined
}

/** The route's retry policy as changed by a trusted caller's headers. */
export function trustedRetryPolicy(policy: RetryPolicy | undefined, view: RequestView): RetryPolicy | undefined {
  const conditions = [...listOf(view, 'x-envoy-retry-on'), ...listOf(view, 'x-envoy-retry-grpc-on')] as RetryCondition[]
  const codes = listOf(view, 'x-envoy-retriable-status-codes').map(Number)
  const retries = controlHeader(view, 'x-envoy-max-retries')
  const hedge = view.header('x-envoy-hedge-on-per-try-timeout')
  if (policy === undefined && conditions.length === 0) return undefined
  return {
    backoffBaseMs: 25,
    backoffMaxMs: 250,
    avoidPreviousHosts: false,
    retryOtherPriorities: false,
    ...policy,
    ...(hedge === undefined ? {} : { hedgeOnPerTryTimeout: hedge === 'true' }),
    numRetries: retries ?? policy?.numRetries ?? 1,
    retryOn: [...(policy?.retryOn ?? []), ...conditions],
    retriableStatusCodes: [...(policy?.retriableStatusCodes ?? []), ...codes],
  }
}

function listOf(view: RequestView, name: string): string[] {
  const value = view.header(name)
  if (value === undefined) return []
  const text = typeof value === 'string' ? value : value.join(',')
  return text
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '')
}

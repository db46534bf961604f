// Retry policies, and what a route's hash is made from.
import { type HashPolicy, type RetryCondition, retryConditions, type RetryPolicy } from '@proxyless/core/spi'
import type {
  RetryPolicy as WireRetry,
  RouteAction_HashPolicy,
} from '../generated/envoy/config/route/v3/route_components.ts'
import { RETRY_FIELDS } from './fields/retry-fields.ts'
import type { Reading } from './reading.ts'
import { messageName } from './unpack.ts'

const conditions: ReadonlySet<string> = new Set<string>(retryConditions)

/**
 * Undefined: nothing is retried.
 * @param hedges what the hedge policy beside it says of per-try timeouts
 */
export function readRetry(
  reading: Reading,
  path: string,
  policy: WireRetry | undefined,
  hedges = false,
): RetryPolicy | undefined {
  if (policy === undefined) return undefined
  const retryOn: RetryCondition[] = []
  for (const word of policy.retryOn.split(',').map((each) => each.trim())) {
    if (conditions.has(word)) retryOn.push(word as RetryCondition)
    else if (word !== '') reading.note(`${path}.retry_on`, `"${word}" is not applied`)
  }
  const none = policy.numRetries !== undefined && policy.numRetries < 1
  if (none && reading.options.dialect === 'api') reading.refuse(`${path}.num_retries`, 'less than 1')
  const backOff = policy.retryBackOff
  const base = reading.milliseconds(`${path}.retry_back_off.base_interval`, backOff?.baseInterval)
  const max = reading.milliseconds(`${path}.retry_back_off.max_interval`, backOff?.maxInterval)
  if (backOff !== undefined && !(base !== undefined && base > 0)) {
    reading.refuse(`${path}.retry_back_off.base_interval`, 'must be above 0')
  }
  if (max !== undefined && max <= 0) reading.refuse(`${path}.retry_back_off.max_interval`, 'must be above 0')
  reading.tell(path, policy, RETRY_FIELDS.RetryPolicy)
  const avoidPreviousHosts = readHostPredicates(reading, path, policy)
  if (retryOn.length === 0 || none) return undefined
  const perTry = reading.milliseconds(`${path}.per_try_timeout`, policy.perTryTimeout)
  const baseMs = base ?? 25
  return {
    numRetries: policy.numRetries ?? 1,
    retryOn,
    retriableStatusCodes: policy.retriableStatusCodes,
    ...(perTry === undefined || perTry === 0 ? {} : { perTryTimeoutMs: perTry }),
    backoffBaseMs: baseMs,
    backoffMaxMs: Math.max(max ?? baseMs * 10, baseMs),
    avoidPreviousHosts,
    ...rateLimited(reading, `${path}.rate_limited_retry_back_off`, policy),
    ...(hedges ? { hedgeOnPerTryTimeout: true } : {}),
    retryOtherPriorities:
      policy.retryPriority !== undefined &&
      isNamed(
        policy.retryPriority.name,
        policy.retryPriority.configType?.value,
        'previous_priorities',
        'PreviousPrioritiesConfig',
      ),
  }
}

/** Picks again where a host was tried before: Envoy once unless more is said, here up to five times. */
function readHostPredicates(reading: Reading, path: string, policy: WireRetry): boolean {
  const known = policy.retryHostPredicate.filter((each) =>
    isNamed(each.name, each.configType?.value, 'previous_hosts', 'PreviousHostsPredicate'),
  )
  for (const each of policy.retryHostPredicate) {
    if (!known.includes(each)) reading.note(`${path}.retry_host_predicate`, `"${each.name}" is not applied`)
  }
  const picks = policy.hostSelectionRetryMaxAttempts
  if (known.length > 0 && picks !== 0 && picks !== 5) {
    reading.note(`${path}.host_selection_retry_max_attempts`, 'is not applied: it is 5')
  }
  return known.length > 0
}

function rateLimited(
  reading: Reading,
  path: string,
  { rateLimitedRetryBackOff: said }: WireRetry,
): Pick<RetryPolicy, 'rateLimitedBackoff'> {
  if (said === undefined) return {}
  const maxMs = reading.milliseconds(`${path}.max_interval`, said.maxInterval)
  if (said.resetHeaders.length === 0) reading.refuse(`${path}.reset_headers`, 'is empty')
  return {
    rateLimitedBackoff: {
      headers: said.resetHeaders.map(({ name, format }) => ({
        name: name.toLowerCase(),
        format: format === 1 ? 'unixTimestamp' : 'seconds',
      })),
      ...(maxMs === undefined ? {} : { maxIntervalMs: maxMs }),
    },
  }
}

export function readHashPolicies(
  reading: Reading,
  path: string,
  policies: readonly RouteAction_HashPolicy[],
): HashPolicy[] {
  return policies.flatMap((policy, n): HashPolicy[] => {
    const terminal = policy.terminal ? { terminal: true } : {}
    const said = policy.policySpecifier
    const at = `${path}[${n}]`
    switch (said?.$case) {
      case 'header':
        if (said.value.regexRewrite !== undefined) {
          reading.regex(`${at}.header.regex_rewrite`, said.value.regexRewrite.pattern)
          reading.note(`${at}.header.regex_rewrite`, 'is not applied')
        }
        return [{ kind: 'header', name: said.value.headerName.toLowerCase(), ...terminal }]
      case 'cookie': {
        const { name, path: cookiePath, attributes } = said.value
        const ttlMs = reading.milliseconds(`${at}.cookie.ttl`, said.value.ttl)
        return [
          {
            kind: 'cookie',
            name,
            ...(ttlMs === undefined ? {} : { ttlMs }),
            ...(cookiePath === '' ? {} : { path: cookiePath }),
            attributes,
            ...terminal,
          },
        ]
      }
      case 'connectionProperties':
        return said.value.sourceIp ? [{ kind: 'sourceIp', ...terminal }] : []
      case 'queryParameter':
        return [{ kind: 'queryParameter', name: said.value.name, ...terminal }]
      case 'filterState':
        // gRPC's key of a channel (A42) is a key of this mesh, as is the address of a client that has none
        if (said.value.key === 'io.grpc.channel_id') return [{ kind: 'sourceIp', ...terminal }]
        reading.note(`${at}.filter_state`, 'is not applied')
        return []
      case undefined:
        reading.note(at, 'a kind of hash policy that is not applied')
        return []
    }
  })
}

function isNamed(
  name: string,
  config: { typeUrl: string; value: Uint8Array } | undefined,
  end: string,
  type: string,
): boolean {
  return name.endsWith(end) || messageName(config).endsWith(type)
}

// What routes do to a call on its way: header operations, retries, faults, mirrors, hash keys -> Envoy's words.
import type {
  FaultPolicy,
  HashPolicy,
  HeaderMutation,
  MirrorPolicy,
  RequestedFault,
  RetryPolicy,
} from '@proxyless/core/spi'
import { any, duration, fraction, given, type Json, typed } from './values.ts'

/** One level of operations on requests or responses. */
export function headersOf(direction: 'request' | 'response', mutation: HeaderMutation | undefined): Json {
  if (mutation === undefined) return {}
  const added = (values: HeaderMutation['set'], action: string): Json[] =>
    values.map(({ name, value, when, keepEmpty }) => ({
      header: { key: name, value },
      append_action: when === undefined ? action : conditional[when],
      ...given('keep_empty_value', keepEmpty),
    }))
  return {
    [`${direction}_headers_to_remove`]: mutation.remove,
    [`${direction}_headers_to_add`]: [
      ...added(mutation.set, 'OVERWRITE_IF_EXISTS_OR_ADD'),
      ...added(mutation.add, 'APPEND_IF_EXISTS_OR_ADD'),
    ],
  }
}

const conditional = { present: 'OVERWRITE_IF_EXISTS', absent: 'ADD_IF_ABSENT' }

export function retryOf(policy: RetryPolicy): Json {
  return {
    retry_on: policy.retryOn.join(','),
    num_retries: policy.numRetries,
    retriable_status_codes: policy.retriableStatusCodes,
    retry_back_off: { base_interval: duration(policy.backoffBaseMs), max_interval: duration(policy.backoffMaxMs) },
    host_selection_retry_max_attempts: 5,
    ...given('per_try_timeout', policy.perTryTimeoutMs, duration),
    ...(policy.avoidPreviousHosts && { retry_host_predicate: [previousHosts] }),
    ...(policy.retryOtherPriorities && { retry_priority: previousPriorities }),
  }
}

const previousHosts = typed(
  'envoy.retry_host_predicates.previous_hosts',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
)

const previousPriorities = typed(
  'envoy.retry_priorities.previous_priorities',
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
  { update_frequency: 2 },
)

/** For a route's `typed_per_filter_config`; `httpStatus` wins over `grpcStatus`. */
export function faultOf({ delay, abort, requested, maxActive }: FaultPolicy): Json {
  const answers = abort?.httpStatus !== undefined || abort?.grpcStatus !== undefined
  return any('envoy.extensions.filters.http.fault.v3.HTTPFault', {
    ...(delay !== undefined && {
      delay: { fixed_delay: duration(delay.delayMs), percentage: fraction(delay.percent) },
    }),
    ...given('max_active_faults', maxActive),
    ...given('delay', requested?.delay, (asked) => ({ header_delay: {}, percentage: requestedShare(asked) })),
    ...given('abort', requested?.abort, (asked) => ({ header_abort: {}, percentage: requestedShare(asked) })),
    ...(answers && {
      abort: {
        ...(abort.httpStatus === undefined ? { grpc_status: abort.grpcStatus } : { http_status: abort.httpStatus }),
        percentage: fraction(abort.percent),
      },
    }),
  })
}

const denominators: Readonly<Record<number, string>> = { 10_000: 'HUNDRED', 100: 'TEN_THOUSAND', 1: 'MILLION' }

function requestedShare({ max, unit }: RequestedFault): Json {
  return { numerator: max.numerator / unit, denominator: denominators[unit] }
}

export function mirrorOf({ cluster, percent, shadowHostSuffix }: MirrorPolicy): Json {
  return {
    cluster,
    runtime_fraction: { default_value: fraction(percent) },
    disable_shadow_host_suffix_append: !shadowHostSuffix,
  }
}

export function hashOf(policy: HashPolicy): Json {
  const terminal = given('terminal', policy.terminal)
  switch (policy.kind) {
    case 'header':
      return { header: { header_name: policy.name }, ...terminal }
    case 'queryParameter':
      return { query_parameter: { name: policy.name }, ...terminal }
    case 'sourceIp':
      return { connection_properties: { source_ip: true }, ...terminal }
    case 'cookie':
      return {
        cookie: {
          name: policy.name,
          ...given('ttl', policy.ttlMs, duration),
          ...given('path', policy.path),
          attributes: policy.attributes,
        },
        ...terminal,
      }
  }
}

// What a route does to its calls: retries, faults, mirrors, hash keys.
import type { FaultPolicy, HashPolicy, MirrorPolicy, RetryPolicy } from '@proxyless/core/spi'
import type { RouteAction } from '../generated/envoy/config/route/v3/route_components.ts'
import { HTTPFault } from '../generated/envoy/extensions/filters/http/fault/v3/fault.ts'
import type { FractionalPercent } from '../generated/envoy/type/v3/percent.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { duration, fraction, given, pack, packBytes } from './values.ts'

type Fields = NonNullable<Parameters<typeof RouteAction.fromPartial>[0]>

/** With what stands beside it: hedging. */
export function writeRetry(policy: RetryPolicy): Fields {
  const { rateLimitedBackoff } = policy
  return {
    retryPolicy: {
      retryOn: policy.retryOn.join(','),
      numRetries: policy.numRetries,
      retriableStatusCodes: [...policy.retriableStatusCodes],
      retryBackOff: { baseInterval: duration(policy.backoffBaseMs), maxInterval: duration(policy.backoffMaxMs) },
      hostSelectionRetryMaxAttempts: 5,
      ...given('perTryTimeout', policy.perTryTimeoutMs, duration),
      ...(policy.avoidPreviousHosts ? { retryHostPredicate: [previousHosts] } : {}),
      ...(policy.retryOtherPriorities ? { retryPriority: previousPriorities } : {}),
      ...given('rateLimitedRetryBackOff', rateLimitedBackoff, ({ headers, maxIntervalMs }) => ({
        resetHeaders: headers.map(
          ({ name, format }) => ({ name, format: format === 'unixTimestamp' ? 1 : 0 }) as const,
        ),
        ...given('maxInterval', maxIntervalMs, duration),
      })),
    },
    ...(policy.hedgeOnPerTryTimeout === true ? { hedgePolicy: { hedgeOnPerTryTimeout: true } } : {}),
  }
}

const previousHosts = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  configType: {
    $case: 'typedConfig',
    value: packBytes('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
  },
} as const

const previousPriorities = {
  name: 'envoy.retry_priorities.previous_priorities',
  configType: {
    $case: 'typedConfig',
    // update_frequency: 2
    value: packBytes(
      'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
      new Uint8Array([8, 2]),
    ),
  },
} as const

/** For a route's `typed_per_filter_config`. */
export function writeFault({ delay, abort, requested, maxActive }: FaultPolicy): Any {
  const type = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
  const message = HTTPFault.fromPartial({
    ...given('delay', delay, ({ delayMs, percent }) => ({
      faultDelaySecifier: { $case: 'fixedDelay', value: duration(delayMs) } as const,
      percentage: fraction(percent),
    })),
    ...given('abort', abort, ({ httpStatus, grpcStatus, percent }) => ({
      errorType:
        httpStatus === undefined
          ? ({ $case: 'grpcStatus', value: grpcStatus ?? 0 } as const)
          : ({ $case: 'httpStatus', value: httpStatus } as const),
      percentage: fraction(percent),
    })),
    ...given('delay', requested?.delay, (asked) => ({
      faultDelaySecifier: { $case: 'headerDelay', value: {} } as const,
      percentage: askedFraction(asked),
    })),
    ...given('abort', requested?.abort, (asked) => ({
      errorType: { $case: 'headerAbort', value: {} } as const,
      percentage: askedFraction(asked),
    })),
    ...given('maxActiveFaults', maxActive, (count) => count),
  })
  return pack(type, HTTPFault, message)
}

/** The unit tells how requests count. */
function askedFraction({ max, unit }: RequestedFault): FractionalPercent {
  return { numerator: max.numerator / unit, denominator: unit === 10_000 ? 0 : unit === 100 ? 1 : 2 }
}

type RequestedFault = NonNullable<NonNullable<FaultPolicy['requested']>['delay']>

export function writeMirror({ cluster, percent, shadowHostSuffix }: MirrorPolicy): object {
  return {
    cluster,
    runtimeFraction: { defaultValue: fraction(percent) },
    disableShadowHostSuffixAppend: !shadowHostSuffix,
  }
}

export function writeHashPolicy(policy: HashPolicy): object {
  return { policySpecifier: specifierOf(policy), terminal: policy.terminal ?? false }
}

function specifierOf(policy: HashPolicy): object {
  switch (policy.kind) {
    case 'header':
      return { $case: 'header', value: { headerName: policy.name } }
    case 'queryParameter':
      return { $case: 'queryParameter', value: { name: policy.name } }
    case 'sourceIp':
      return { $case: 'connectionProperties', value: { sourceIp: true } }
    case 'cookie': {
      const { name, ttlMs, path = '', attributes } = policy
      return { $case: 'cookie', value: { name, path, attributes, ...given('ttl', ttlMs, duration) } }
    }
  }
}

// Fields that Envoy has and the codecs do not know yet, by their numbers: a message may be continued by more bytes of it.
// Our own client reads what they say from the metadata.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Cluster, RetryBudget } from '@proxyless/core/spi'
import { CircuitBreakers_Thresholds as Thresholds } from '../generated/envoy/config/cluster/v3/circuit_breaker.ts'
import { HeaderMatcher } from '../generated/envoy/config/route/v3/route_components.ts'
import { Duration } from '../generated/google/protobuf/duration.ts'
import { UInt32Value } from '../generated/google/protobuf/wrappers.ts'
import { Percent } from '../generated/envoy/type/v3/percent.ts'
import { duration, percent } from './values.ts'

/** For HttpProtocolOptions: these statuses are errors to outlier detection, all others are not. */
export function writeErrorMatcher({ outlierDetection }: Cluster): Uint8Array {
  const codes = outlierDetection?.errorStatusCodes
  if (codes === undefined) return new Uint8Array()
  const status = HeaderMatcher.fromPartial({
    name: ':status',
    headerMatchSpecifier: {
      $case: 'stringMatch',
      value: { matchPattern: { $case: 'safeRegex', value: { regex: codes.join('|') } } },
    },
  })
  // outlier_detection { error_matcher { http_response_headers_match { headers } } }
  return [1, 7, 1, 8].reduce(within, HeaderMatcher.encode(status).finish())
}

/** For Cluster: its circuit breakers, whose retry budget counts the requests of a while (`budget_interval`). */
export function writeBudgetedBreakers(thresholds: Thresholds, budget: RetryBudget, intervalMs: number): Uint8Array {
  const writer = new BinaryWriter()
  Percent.encode(percent(budget.percent), writer.uint32(tag(1)).fork()).join()
  UInt32Value.encode({ value: budget.minRetryConcurrency }, writer.uint32(tag(2)).fork()).join()
  Duration.encode(duration(intervalMs), writer.uint32(tag(3)).fork()).join()
  const own = Thresholds.encode({ ...thresholds, retryBudget: undefined })
  own.uint32(tag(8)).bytes(writer.finish())
  // circuit_breakers { thresholds }
  return [1, 10].reduce(within, own.finish())
}

export function continued(message: Uint8Array, ...more: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter().raw(message)
  for (const bytes of more) writer.raw(bytes)
  return writer.finish()
}

/** As a field of the message around it. */
function within(message: Uint8Array, field: number): Uint8Array {
  return new BinaryWriter().uint32(tag(field)).bytes(message).finish()
}

function tag(field: number): number {
  return field * 8 + 2
}

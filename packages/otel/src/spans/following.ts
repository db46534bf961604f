// Whom calls are told to, while the same SDK is registered.
import type { Tracer } from '@opentelemetry/api'
import type { Clock } from '@proxyless/core/spi'
import type { ClientMetrics } from '../client-metrics.ts'
import type { Conventions } from '../semantics/conventions.ts'

export interface Following {
  /** What is registered for spans and metrics, to see when it changes. */
  readonly traces: unknown
  readonly metrics: unknown
  readonly callSpans: boolean
  readonly conventions: Conventions
  /** Key of a context in which nobody is to trace. */
  readonly suppressed: symbol
  readonly clock: Clock
  readonly tracer: Tracer | undefined
  readonly client: ClientMetrics | undefined
}

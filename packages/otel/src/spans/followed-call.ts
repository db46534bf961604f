// One call as its spans tell it: a span of its own, and below it one for each attempt.
import { type Context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { CallRecord } from '@proxyless/core'
import type { Attempt, AttemptTrace, Call, CallTrace } from '@proxyless/core/spi'
import { callAttributes, callName, callOutcome } from '../semantics/call-attributes.ts'
import { contextWithSpan } from './context-with.ts'
import { FollowedAttempt } from './followed-attempt.ts'
import type { Following } from './following.ts'

export class FollowedCall implements CallTrace {
  readonly #following: Following
  readonly #span: Span | undefined
  readonly #context: Context
  readonly #own: Context | undefined

  /** @param own what `around` is without the headers that the call inherits; undefined: it inherits none */
  constructor(call: Call, around: Context, following: Following, own?: Context) {
    this.#following = following
    this.#own = own
    const { tracer, callSpans } = following
    // where a client's own instrumentation has made a span of the call it is not told twice
    const needsSpan = tracer !== undefined && callSpans && !isOfClient(trace.getSpan(around))
    this.#span = needsSpan
      ? tracer.startSpan(callName(call), { kind: SpanKind.INTERNAL, attributes: callAttributes(call) }, around)
      : undefined
    this.#context = this.#within(around)
  }

  #within(around: Context): Context {
    return this.#span === undefined ? around : contextWithSpan(around, this.#span)
  }

  /** Of attempts of this call or of a copy. What is inherited, baggage above all, does not leave the mesh. */
  contextOf({ inheritance }: Call): Context {
    return this.#own === undefined || inheritance?.stays === true ? this.#context : this.#within(this.#own)
  }

  get carries(): boolean {
    return propagation.fields().length > 0
  }

  attemptStarted(attempt: Attempt): AttemptTrace {
    return new FollowedAttempt(attempt, this.contextOf(attempt.call), this.#following)
  }

  ended(record: CallRecord): void {
    const span = this.#span
    if (span === undefined) return
    if (span.isRecording()) {
      const { attributes, error } = callOutcome(record)
      span.setAttributes(attributes)
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
    }
    span.end()
  }
}

/** Spans of an SDK know their kind; the API does not ask. */
function isOfClient(span: Span | undefined): boolean {
  return (span as { readonly kind?: SpanKind } | undefined)?.kind === SpanKind.CLIENT
}

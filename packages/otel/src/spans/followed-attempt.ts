// One attempt as its span and the metrics of clients tell it.
import { context, type Context, propagation, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attempt, AttemptTrace, HeaderList } from '@proxyless/core/spi'
import {
  attemptAttributes,
  attemptName,
  attemptOutcome,
  attemptWay,
  type Broken,
} from '../semantics/attempt-attributes.ts'
import { intoHeaders } from './carriers.ts'
import { contextWith, contextWithSpan } from './context-with.ts'
import type { Following } from './following.ts'

export class FollowedAttempt implements AttemptTrace {
  readonly #following: Following
  readonly #context: Context
  readonly #span: Span | undefined
  readonly #startedAtMs: number

  constructor(attempt: Attempt, around: Context, following: Following) {
    const { tracer, conventions, clock } = following
    this.#following = following
    this.#startedAtMs = clock.now()
    const span = tracer?.startSpan(
      attemptName(attempt),
      { kind: SpanKind.CLIENT, attributes: attemptAttributes(attempt, conventions) },
      around,
    )
    if (span?.isRecording() === true) span.setAttributes(attemptWay(attempt))
    this.#span = span
    this.#context = span === undefined ? around : contextWithSpan(around, span)
  }

  inject(headers: HeaderList): void {
    propagation.inject(this.#context, headers, intoHeaders)
  }

  within(send: () => void): void {
    context.with(contextWith(this.#context, this.#following.suppressed, true), send)
  }

  ended(attempt: Attempt, broken: Broken): void {
    const { client, conventions, clock } = this.#following
    const outcome = attemptOutcome(attempt, broken, conventions)
    client?.record(attempt, outcome, clock.now() - this.#startedAtMs)
    const span = this.#span
    if (span === undefined) return
    if (span.isRecording()) {
      span.setAttributes(outcome.attributes)
      if (outcome.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error })
    }
    span.end()
  }
}

// A copy of a call (a mirror): it carries its original's trace, and says that nobody samples it. It has no span.
import { context, type Context, propagation, trace, TraceFlags } from '@opentelemetry/api'
import type { AttemptTrace, CallTrace, HeaderList } from '@proxyless/core/spi'
import { intoHeaders } from './carriers.ts'

export class UnsampledCopy implements CallTrace, AttemptTrace {
  /** Copies have what their original has. */
  readonly carries = true
  readonly #context: Context
  readonly #silent: Context

  constructor(original: Context, suppressed: symbol) {
    const spanContext = trace.getSpanContext(original)
    this.#context =
      spanContext === undefined
        ? original
        : trace.setSpanContext(original, { ...spanContext, traceFlags: TraceFlags.NONE })
    this.#silent = this.#context.setValue(suppressed, true)
  }

  attemptStarted(): AttemptTrace {
    return this
  }

  inject(headers: HeaderList): void {
    propagation.inject(this.#context, headers, intoHeaders)
  }

  within(send: () => void): void {
    context.with(this.#silent, send)
  }

  ended(): void {
    // nobody hears of the end of a copy
  }
}

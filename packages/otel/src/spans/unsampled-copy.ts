// A copy of a call (a mirror): it carries its original's trace, and says that nobody samples it. It has no span.
import { context, propagation, trace, TraceFlags } from '@opentelemetry/api'
import type { Attempt, AttemptTrace, CallTrace, HeaderList } from '@proxyless/core/spi'
import { intoHeaders } from './carriers.ts'
import type { FollowedCall } from './followed-call.ts'

export class UnsampledCopy implements CallTrace {
  /** Copies have what their original has. */
  readonly carries = true
  readonly #original: FollowedCall
  readonly #suppressed: symbol

  constructor(original: FollowedCall, suppressed: symbol) {
    this.#original = original
    this.#suppressed = suppressed
  }

  attemptStarted({ call }: Attempt): AttemptTrace {
    const around = this.#original.contextOf(call)
    const spanContext = trace.getSpanContext(around)
    const carried =
      spanContext === undefined ? around : trace.setSpanContext(around, { ...spanContext, traceFlags: TraceFlags.NONE })
    const silent = carried.setValue(this.#suppressed, true)
    return {
      inject: (headers: HeaderList) => propagation.inject(carried, headers, intoHeaders),
      within: (send) => context.with(silent, send),
      ended,
    }
  }

  ended(): void {
    ended()
  }
}

/** Nobody hears of the end of a copy. */
function ended(): void {}

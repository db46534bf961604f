// What the calls made for a request that came in have of it. Read when a call first asks: most requests make few or none.
import {
  type CallScope,
  criticalityHeader,
  deadlineHeader,
  type HeaderLines,
  type Inbound,
  parseGrpcTimeout,
} from '@proxyless/core/spi'
import { isCriticality } from './overrides.ts'

/** Envoy's word for how long it waits. */
const expectedHeader = 'x-envoy-expected-rq-timeout-ms'

export class InboundScope implements CallScope {
  readonly timeoutMs: undefined
  readonly timeoutWins = false
  readonly retries = true
  readonly variant: undefined
  readonly #inbound: Inbound
  readonly #names: readonly string[]
  readonly #arrivedAtMs: number
  #headers: readonly string[] | undefined = undefined
  #deadlineAtMs: number | undefined = undefined

  constructor(inbound: Inbound, names: readonly string[], nowMs: number) {
    this.#inbound = inbound
    this.#names = names
    this.#arrivedAtMs = nowMs
  }

  get headers(): readonly string[] {
    return (this.#headers ??= this.#names.flatMap((name) =>
      linesOf(this.#inbound.header(name)).flatMap((line) => [name, line]),
    ))
  }

  /** While it is being answered: what goes on afterwards is waited for by nobody. */
  get deadlineAtMs(): number {
    if (this.#inbound.answered) return Infinity
    return (this.#deadlineAtMs ??= this.#arrivedAtMs + this.#allowedMs())
  }

  get criticality(): string | undefined {
    const [said] = linesOf(this.#inbound.header(criticalityHeader))
    return isCriticality(said) ? said : undefined
  }

  #allowedMs(): number {
    const { grpc } = this.#inbound
    const [deadline] = linesOf(this.#inbound.header(deadlineHeader))
    const [expected] = linesOf(this.#inbound.header(expectedHeader))
    const [timeout] = grpc ? linesOf(this.#inbound.header('grpc-timeout')) : []
    return Math.min(
      wholeNumber(deadline) ?? Infinity,
      // 0 is Envoy's word for none
      wholeNumber(expected) || Infinity,
      (timeout === undefined ? undefined : parseGrpcTimeout(timeout)) ?? Infinity,
    )
  }
}

function linesOf(lines: HeaderLines): readonly string[] {
  return lines === undefined ? [] : typeof lines === 'string' ? [lines] : lines
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

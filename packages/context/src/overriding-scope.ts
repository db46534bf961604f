// What code around a call sets, over what surrounds that code: headers by name, the inner value otherwise, the sooner deadline.
import type { CallScope } from '@proxyless/core/spi'
import type { CallOverrides } from './overrides.ts'

export class OverridingScope implements CallScope {
  readonly headers: readonly string[]
  readonly timeoutMs: number | undefined
  readonly timeoutWins: boolean
  readonly retries: boolean
  readonly variant: string | undefined
  readonly #outer: CallScope | undefined
  readonly #own: CallOverrides
  readonly #deadlineAtMs: number

  /** @param timeoutWins its timeout may be longer than a route's */
  constructor(outer: CallScope | undefined, own: CallOverrides, timeoutWins: boolean, nowMs: number) {
    this.#outer = outer
    this.#own = own
    this.#deadlineAtMs = own.deadlineMs === undefined ? Infinity : nowMs + own.deadlineMs
    this.headers = headersOver(outer?.headers ?? [], own.headers)
    this.timeoutMs = own.timeoutMs ?? outer?.timeoutMs
    this.timeoutWins = own.timeoutMs === undefined ? (outer?.timeoutWins ?? false) : timeoutWins
    this.retries = own.retry !== false && outer?.retries !== false
    this.variant = own.subset ?? outer?.variant
  }

  /** Asked for each call: that of a request ends with its answer. */
  get deadlineAtMs(): number {
    return Math.min(this.#deadlineAtMs, this.#outer?.deadlineAtMs ?? Infinity)
  }

  get criticality(): string | undefined {
    return this.#own.criticality ?? this.#outer?.criticality
  }
}

function headersOver(outer: readonly string[], own: CallOverrides['headers']): readonly string[] {
  if (own === undefined) return outer
  const set = new Map(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]))
  const kept = outer.filter((_, i) => !set.has(outer[i - (i % 2)] ?? ''))
  return [...kept, ...[...set].flat()]
}

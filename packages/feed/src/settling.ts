// When to believe what is seen: a change is taken over once two looks agree on it, so that a half-done one is not.
// Holds fingerprints only; called by the file source on each scan.
import type { Clock } from '@proxyless/core/spi'

/** An empty directory is most often one that is being filled again: it has to stay empty for so long. */
const emptyMs = 200
/** A directory that never comes to rest is taken as it is after so long. */
const restlessMs = 300

export class Settling {
  readonly #clock: Clock
  #taken: string | undefined
  #seen: { readonly fingerprint: string; readonly at: number } | undefined
  #restlessSince: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True while something was seen that is not taken over yet. */
  get pending(): boolean {
    return this.#seen !== undefined
  }

  /** Whether to read now what a look has found. `retry`: also when nothing has changed. */
  ready(fingerprint: string, { emptied, retry }: { emptied: boolean; retry: boolean }): boolean {
    const now = this.#clock.now()
    if (fingerprint === this.#taken) {
      this.#rest()
      return retry
    }
    this.#restlessSince ??= now
    const seen = this.#seen?.fingerprint === fingerprint ? this.#seen : { fingerprint, at: now }
    const agreed = seen === this.#seen || this.#taken === undefined
    this.#seen = seen
    if (emptied) return now - seen.at >= emptyMs
    return agreed || this.#overdue(now)
  }

  /** Whether what was read may be handed over, given what was seen before and after reading. */
  confirm(before: string, after: string): boolean {
    const now = this.#clock.now()
    this.#restlessSince ??= now
    if (before !== after && !this.#overdue(now)) {
      this.#seen = { fingerprint: after, at: now }
      return false
    }
    this.#taken = before
    this.#rest()
    return true
  }

  #overdue(now: number): boolean {
    return this.#restlessSince !== undefined && now - this.#restlessSince >= restlessMs
  }

  #rest(): void {
    this.#seen = undefined
    this.#restlessSince = undefined
  }
}

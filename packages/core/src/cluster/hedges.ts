// When a call may have a second attempt beside its first: after the time within which most answers come, for methods that may be repeated,
// and only while this process and the retry budget have room for it.
import type { Hedging } from '../model/adaptive.ts'
import type { LatencyWindow } from './latency-window.ts'
import type { Limits } from './limits.ts'

/** Asking twice changes nothing (RFC 9110, 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

export class Hedges {
  readonly policy: Hedging
  readonly #latencies: LatencyWindow
  readonly #limits: Limits
  /** Since the beginning: made, those whose answer was taken, and those that there was no room for. */
  made = 0
  wins = 0
  refused = 0

  constructor(policy: Hedging, latencies: LatencyWindow, limits: Limits) {
    this.policy = policy
    this.#latencies = latencies
    this.#limits = limits
  }

  /** How long a call waits before the second attempt; undefined: there will be none. */
  delayFor(method: string): number | undefined {
    return idempotent.has(method) ? this.delayMs : undefined
  }

  get delayMs(): number | undefined {
    const { percentile, minDelayMs } = this.policy
    const usualMs = this.#latencies.percentile(percentile)
    return usualMs === undefined ? undefined : Math.max(minDelayMs, usualMs)
  }

  /** The answer of an attempt was taken while another was under way. */
  won(attempt: number): void {
    if (attempt === 2) this.wins++
  }

  /**
   * Takes a place among the retries.
   * @param blockedMs for how long the event loop was blocked since the first attempt
   */
  tryHedge(blockedMs: number): boolean {
    if (blockedMs > this.policy.maxBlockedMs || !this.#limits.tryHedge()) {
      this.refused++
      return false
    }
    this.made++
    return true
  }
}

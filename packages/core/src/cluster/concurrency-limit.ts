// How many requests may be under way, found from the latency alone: the longer they take than they used to, the fewer (Netflix Gradient2).
// Source: Gradient2Limit of concurrency-limits, samples averaged over a window.
import type { Clock } from '../base/clock.ts'
import type { AdaptiveConcurrency } from '../model/adaptive.ts'

const smoothing = 0.2
/** Requests that may wait beside those that are served. */
const queue = 4
/** The usual latency is an average of so many windows. */
const longWindows = 600
const warmupWindows = 10

export class ConcurrencyLimit {
  readonly policy: AdaptiveConcurrency
  readonly #clock: Pick<Clock, 'now'>
  limit: number
  /** Since the beginning. */
  rejections = 0
  #windowStartMs: number
  #sumMs = 0
  #samples = 0
  #mostUnderWay = 0
  #usualMs = 0
  #windows = 0

  constructor(policy: AdaptiveConcurrency, clock: Pick<Clock, 'now'>) {
    this.policy = policy
    this.#clock = clock
    this.limit = policy.initial
    this.#windowStartMs = clock.now()
  }

  /** True: another request would be too many. */
  rejects(underWay: number): boolean {
    if (underWay < Math.floor(this.limit)) return false
    this.rejections++
    return true
  }

  /** A request took so long; `underWay` counts it. */
  observe(tookMs: number, underWay: number): void {
    this.#sumMs += tookMs
    this.#samples++
    if (underWay > this.#mostUnderWay) this.#mostUnderWay = underWay
    const now = this.#clock.now()
    if (now - this.#windowStartMs >= this.policy.windowMs) this.#renew(now)
  }

  #renew(now: number): void {
    // what answers within a tick of the clock took something all the same
    const recentMs = Math.max(0.01, this.#sumMs / this.#samples)
    this.#remember(recentMs)
    const { min, max, tolerance } = this.policy
    if (this.#mostUnderWay >= this.limit / 2) {
      const gradient = Math.max(0.5, Math.min(1, (tolerance * this.#usualMs) / recentMs))
      const next = this.limit * gradient + queue
      this.limit = Math.min(max, Math.max(min, this.limit * (1 - smoothing) + next * smoothing))
    }
    this.#windowStartMs = now
    this.#sumMs = 0
    this.#samples = 0
    this.#mostUnderWay = 0
  }

  /** After a load that lasted long its latency must not count as usual. */
  #remember(recentMs: number): void {
    this.#windows++
    if (this.#windows <= warmupWindows) this.#usualMs += (recentMs - this.#usualMs) / this.#windows
    else this.#usualMs += (recentMs - this.#usualMs) * (2 / (longWindows + 1))
    if (this.#usualMs > 2 * recentMs) this.#usualMs *= 0.95
  }
}

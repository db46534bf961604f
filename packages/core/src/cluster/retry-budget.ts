// How many retries a budget allows right now: a share of the requests under way, or of those of a past window.
// Source: Envoy circuit_breakers.thresholds.retry_budget; Istio DestinationRule retryBudget.
import type { Clock } from '../base/clock.ts'
import type { RetryBudget } from '../model/cluster.ts'

/** The window is counted in this many parts. */
const slots = 10

export class RetryAllowance {
  readonly #clock: Clock
  /** Made by the first request of a window: most clusters have no budget. */
  #counts: number[] | undefined = undefined
  #slot = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  count(intervalMs: number): void {
    this.#counts ??= new Array<number>(slots).fill(0)
    const position = this.#advance(intervalMs, this.#counts) % slots
    this.#counts[position] = (this.#counts[position] ?? 0) + 1
  }

  allowed(budget: RetryBudget, underWay: number): number {
    const base = budget.intervalMs === undefined ? underWay : this.#windowTotal(budget.intervalMs)
    return Math.max(Math.floor(budget.percent * base + 1e-9), budget.minRetryConcurrency)
  }

  #windowTotal(intervalMs: number): number {
    if (this.#counts === undefined) return 0
    this.#advance(intervalMs, this.#counts)
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  #advance(intervalMs: number, counts: number[]): number {
    const slot = Math.floor(this.#clock.now() / (intervalMs / slots))
    for (let passed = Math.max(this.#slot, slot - slots); passed < slot; passed++) counts[(passed + 1) % slots] = 0
    this.#slot = slot
    return slot
  }
}

// What a cluster may have under way in this process: Envoy's circuit breakers. Purely a limiter, no half-open state.
// Traffic doors ask before they connect, queue or send, and give back afterwards.
import type { Clock } from '../base/clock.ts'
import type { CircuitBreakers, RetryBudget } from '../model/cluster.ts'
import { RetryAllowance } from './retry-budget.ts'

/** Of hedges where nothing is said: Envoy's defaults. */
const defaultBudget: RetryBudget = { percent: 0.2, minRetryConcurrency: 3 }

export class Limits {
  thresholds: CircuitBreakers
  readonly #retryAllowance: RetryAllowance

  connections = 0
  pending = 0
  requests = 0
  retries = 0
  /** Requests, by the limits of requests or of those that wait; connections; retries. */
  requestOverflows = 0
  connectionOverflows = 0
  retryOverflows = 0

  constructor(thresholds: CircuitBreakers, clock: Clock) {
    this.thresholds = thresholds
    this.#retryAllowance = new RetryAllowance(clock)
  }

  /** A request was asked of this cluster; feeds the budget's window. */
  countRequest(): void {
    if (this.thresholds.retryBudget?.intervalMs !== undefined) {
      this.#retryAllowance.count(this.thresholds.retryBudget.intervalMs)
    }
  }

  /** A request goes onto a connection. False: overflow. */
  tryRequest(): boolean {
    if (this.requests >= this.thresholds.maxRequests) return this.#refuseRequest()
    this.requests++
    return true
  }

  /** A request waits for a connection. False: overflow. */
  tryPending(): boolean {
    if (this.pending >= this.thresholds.maxPendingRequests) return this.#refuseRequest()
    this.pending++
    return true
  }

  /** Whether a host that has `hostConnections` may open another; the first of a host is always allowed. */
  tryConnection(hostConnections: number): boolean {
    if (this.connections >= this.thresholds.maxConnections && hostConnections > 0) {
      this.connectionOverflows++
      return false
    }
    this.connections++
    return true
  }

  /** At once now, by the limit or the budget. */
  get retriesAllowed(): number {
    const { retryBudget, maxRetries } = this.thresholds
    if (retryBudget === undefined) return maxRetries
    return this.#retryAllowance.allowed(retryBudget, this.requests + this.pending)
  }

  /** Reserved when the retry is scheduled, so that back-off cannot hide a storm. False: overflow. */
  tryRetry(): boolean {
    if (this.retries >= this.retriesAllowed) {
      this.retryOverflows++
      return false
    }
    this.retries++
    return true
  }

  /** A second attempt beside the first: while less than half of the retries that are allowed are under way. No overflow. */
  tryHedge(): boolean {
    const { retryBudget = defaultBudget, maxRetries } = this.thresholds
    const allowed = this.#retryAllowance.allowed(retryBudget, this.requests + this.pending)
    if (this.retries >= Math.min(maxRetries, Math.max(1, Math.floor(allowed / 2)))) return false
    this.retries++
    return true
  }

  /** Requests and retries that were refused. */
  get overflows(): number {
    return this.requestOverflows + this.retryOverflows
  }

  #refuseRequest(): false {
    this.requestOverflows++
    return false
  }
}

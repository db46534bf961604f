// What one cluster has measured of its calls, and what it decides from that: the living counterpart of an AdaptivePolicy.
// There only where a policy is; told of attempts by cluster, asked by calls.
import type { Clock } from '../base/clock.ts'
import type { EventLoop } from '../base/event-loop.ts'
import type { Random } from '../base/random.ts'
import type { AdaptivePolicy, Hedging } from '../model/adaptive.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { Hedges } from './hedges.ts'
import { LatencyWindow } from './latency-window.ts'
import type { Limits } from './limits.ts'
import { Throttle } from './throttle.ts'
import type { Verdict } from './verdict.ts'

/** Why a call is not sent. */
export type Refusal = 'throttled' | 'concurrency'

export class Adaptive {
  readonly policy: AdaptivePolicy
  readonly throttle: Throttle | undefined
  readonly concurrency: ConcurrencyLimit | undefined
  readonly latencies: LatencyWindow | undefined
  readonly hedges: Hedges | undefined
  /** Undefined: its blocks are nobody's business here. */
  readonly eventLoop: EventLoop | undefined
  readonly #clock: Pick<Clock, 'now'>
  readonly #limits: Limits
  /** Retries that could not have ended in time. */
  retriesTooLate: number
  /** Timeouts that came while the process was blocked. */
  timeoutsPutOff: number

  /** @param before what another policy has learned: parts that are still asked for keep it */
  constructor(
    policy: AdaptivePolicy,
    clock: Pick<Clock, 'now'>,
    limits: Limits,
    eventLoop: EventLoop | undefined,
    before?: Adaptive,
  ) {
    const { throttling, concurrency, hedging, retriesInTime, loopCorrection } = policy
    this.policy = policy
    this.retriesTooLate = before?.retriesTooLate ?? 0
    this.timeoutsPutOff = before?.timeoutsPutOff ?? 0
    this.#clock = clock
    this.#limits = limits
    this.throttle =
      throttling &&
      (isAlike(before?.policy.throttling, throttling) ? before?.throttle : new Throttle(throttling, clock, limits))
    this.concurrency =
      concurrency &&
      (isAlike(before?.policy.concurrency, concurrency)
        ? before?.concurrency
        : new ConcurrencyLimit(concurrency, clock))
    const asks = hedging !== undefined || retriesInTime === true
    this.latencies = asks ? (before?.latencies ?? new LatencyWindow(clock)) : undefined
    this.hedges = hedging && (isAlike(before?.policy.hedging, hedging) ? before?.hedges : this.#hedges(hedging))
    this.eventLoop = loopCorrection === undefined && hedging === undefined ? undefined : eventLoop
  }

  #hedges(policy: Hedging): Hedges | undefined {
    return this.latencies && new Hedges(policy, this.latencies, this.#limits)
  }

  /** A first attempt is about to be sent. */
  refuses(random: Random): Refusal | undefined {
    if (this.throttle?.rejects(random) === true) return 'throttled'
    if (this.concurrency?.rejects(this.#underWay) === true) {
      // the throttle must not take it for a rejection of the service
      this.throttle?.accepted()
      return 'concurrency'
    }
    return undefined
  }

  /** A retry is about to be scheduled. */
  refusesRetry(random: Random): boolean {
    return this.throttle?.rejects(random) ?? false
  }

  /** Whether a retry after so long a wait cannot be expected to end in the time that is left. */
  isTooLate(leftMs: number, waitMs: number): boolean {
    if (this.policy.retriesInTime !== true || leftMs === Infinity) return false
    const expectedMs = this.latencies?.percentile(0.5)
    if (expectedMs === undefined || waitMs + expectedMs <= leftMs) return false
    this.retriesTooLate++
    return true
  }

  /** By how much a deadline is put off: what was blocked and was not given yet, in whole tens. */
  graceFor(blockedMs: number, givenMs: number): number {
    const { maxGraceMs = 0 } = this.policy.loopCorrection ?? {}
    const graceMs = Math.ceil((Math.min(blockedMs, maxGraceMs) - givenMs) / 10) * 10
    if (graceMs <= 0) return 0
    this.timeoutsPutOff++
    return graceMs
  }

  /** @param sentAtMs NaN: it never was on a connection */
  report(verdict: Verdict, sentAtMs: number): void {
    if (isAccepted(verdict)) this.throttle?.accepted()
    if (Number.isNaN(sentAtMs)) return
    const tookMs = this.#clock.now() - sentAtMs
    this.concurrency?.observe(tookMs, this.#underWay)
    if (verdict.kind === 'response' && verdict.status < 500) this.latencies?.observe(tookMs)
  }

  /** Without them percentiles would fall, and more and more be hedged. */
  outrun(sentAtMs: number): void {
    this.throttle?.accepted()
    if (!Number.isNaN(sentAtMs)) this.latencies?.observe(this.#clock.now() - sentAtMs)
  }

  /** Nothing can be said of an attempt: the caller gave up, or a limit of this side stopped it. */
  withdrawn(): void {
    this.throttle?.accepted()
  }

  get #underWay(): number {
    return this.#limits.requests + this.#limits.pending
  }
}

/** No answer, 429, 502, 503, 504 and gRPC's words for them mean that the service would rather not have been asked. */
function isAccepted(verdict: Verdict): boolean {
  if (verdict.kind === 'failure') return false
  const { status, grpcStatus } = verdict
  if (grpcStatus !== undefined) return grpcStatus !== 4 && grpcStatus !== 8 && grpcStatus !== 14
  return status !== 429 && (status < 502 || status > 504)
}

/** A new configuration that says the same must not make it forget. */
function isAlike(before: object | undefined, next: object): boolean {
  return before === next || JSON.stringify(before) === JSON.stringify(next)
}

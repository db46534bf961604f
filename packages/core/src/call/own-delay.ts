// What this process itself has delayed an attempt by: how long its event loop was blocked since, and what was given in return.
// There only for attempts at clusters that want to know: to correct for it, or to leave out hedges.
import type { Clock } from '../base/clock.ts'
import type { Adaptive } from '../cluster/adaptive.ts'
import { isTimeout, type Verdict } from '../cluster/verdict.ts'
import type { Attempt } from './attempt.ts'

export class OwnDelay {
  readonly #adaptive: Adaptive
  readonly #beforeMs: number
  #graceMs = 0

  constructor(adaptive: Adaptive) {
    this.#adaptive = adaptive
    this.#beforeMs = adaptive.eventLoop?.blockedMs() ?? 0
  }

  /** Since the attempt began. */
  get blockedMs(): number {
    return (this.#adaptive.eventLoop?.blockedMs() ?? 0) - this.#beforeMs
  }

  get #corrects(): boolean {
    return this.#adaptive.policy.loopCorrection !== undefined
  }

  /** As if it had been sent later by what was blocked since. */
  leftOut(sentAtMs: number, nowMs: number): number {
    return this.#corrects ? Math.min(nowMs, sentAtMs + this.blockedMs) : sentAtMs
  }

  /** By how much a deadline that has passed is put off; 0: it holds. */
  takeGrace(): number {
    const graceMs = this.#adaptive.graceFor(this.blockedMs, this.#graceMs)
    this.#graceMs += graceMs
    return graceMs
  }

  /** A timeout after a block that was not made up for counts against nobody. */
  excuses(verdict: Verdict): boolean {
    return this.#corrects && isTimeout(verdict) && this.blockedMs > this.#graceMs + 1
  }
}

/** Undefined where nobody corrects. */
export function ownDelayOf(adaptive: Adaptive | undefined): OwnDelay | undefined {
  return adaptive?.eventLoop === undefined ? undefined : new OwnDelay(adaptive)
}

/** When an attempt was sent, or would have been but for what this process has delayed of it since. */
export function ownSentAtMs({ ownDelay, sentAtMs }: Attempt, clock: Pick<Clock, 'now'>): number {
  return ownDelay === undefined ? sentAtMs : ownDelay.leftOut(sentAtMs, clock.now())
}

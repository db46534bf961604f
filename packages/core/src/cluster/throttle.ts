// Client-side adaptive throttling: when a service rejects much, most calls are rejected here, where it costs nothing (Google SRE, "Handling Overload").
// A request is counted before it is sent and accepted when an answer comes that is no rejection; what is under way counts for neither side.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { SlidingSum } from '../base/sliding-sum.ts'
import type { Throttling } from '../model/adaptive.ts'
import type { Limits } from './limits.ts'

export class Throttle {
  readonly policy: Throttling
  readonly #clock: Pick<Clock, 'now'>
  readonly #limits: Pick<Limits, 'requests' | 'pending'>
  readonly #requests: SlidingSum
  readonly #accepted: SlidingSum
  /** Since the beginning. */
  rejections = 0

  constructor(policy: Throttling, clock: Pick<Clock, 'now'>, limits: Pick<Limits, 'requests' | 'pending'>) {
    this.policy = policy
    this.#clock = clock
    this.#limits = limits
    this.#requests = new SlidingSum(policy.windowMs)
    this.#accepted = new SlidingSum(policy.windowMs)
  }

  /** Counts a request. True: it must not be sent. */
  rejects(random: Random): boolean {
    const { chance } = this
    this.#requests.add(this.#clock.now(), 1)
    if (chance === 0 || random.uint32() / 0x1_0000_0000 >= chance) return false
    this.rejections++
    return true
  }

  accepted(): void {
    this.#accepted.add(this.#clock.now(), 1)
  }

  /** 0..1: how likely the next request is rejected. */
  get chance(): number {
    const { k, maxRejection } = this.policy
    const { requests } = this
    // else a burst after a pause would be rejected before the first answer is there
    const known = requests - this.#limits.requests - this.#limits.pending
    return Math.min(maxRejection, Math.max(0, (known - k * this.acceptedRequests) / (requests + 1)))
  }

  /** Within the window. */
  get requests(): number {
    return this.#requests.total(this.#clock.now())
  }

  get acceptedRequests(): number {
    return this.#accepted.total(this.#clock.now())
  }
}

// The retries of one call: how many are left, how long to wait before the next, and its place among those of the cluster.
// Made at a call's first failed attempt: calls that succeed have none.
import type { Random } from '../base/random.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Limits } from '../cluster/limits.ts'
import type { RetryPolicy } from '../model/policy.ts'
import { backoffMs } from './retry.ts'

/** Envoy's response flags: the retries are used up, or too many are under way. */
export type NoRetry = 'URX' | 'UO'

export class Retries {
  #left: number
  #backoffs = 0
  /** Where this call holds a place. */
  #reserved: Limits | undefined = undefined

  constructor(policy: RetryPolicy | undefined) {
    this.#left = policy?.numRetries ?? 0
  }

  /**
   * A place for another attempt. Answers how long it has to wait, in milliseconds, or why there is none.
   * @param askedMs how long the endpoint asks to wait
   * @param leftMs until the call's deadline
   */
  reserve(
    policy: RetryPolicy,
    askedMs: number | undefined,
    leftMs: number,
    cluster: Cluster | undefined,
    random: Random,
  ): number | NoRetry {
    if (this.#left === 0) return 'URX'
    const waitMs = askedMs ?? backoffMs(policy, this.#backoffs + 1, random)
    const { adaptive, limits } = cluster ?? {}
    if (adaptive?.isTooLate(leftMs, waitMs) === true) return 'URX'
    if (adaptive?.refusesRetry(random) === true) return 'UO'
    this.#left--
    this.release()
    if (limits?.tryRetry() !== true) return 'UO'
    this.#reserved = limits
    if (askedMs === undefined) this.#backoffs++
    return waitMs
  }

  /** A place that was taken elsewhere: a hedge's. */
  hold(limits: Limits): void {
    this.#reserved = limits
  }

  release(): void {
    if (this.#reserved !== undefined) this.#reserved.retries--
    this.#reserved = undefined
  }
}

// The checks of one endpoint, one after the other: asks, waits for the answer or its timeout, then for the next turn.
// Made by health-checker. Its one timer runs in the background; after `close` there is none.
import type { Clock, TimerHandle } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { HealthCheckTiming } from '../model/health-check.ts'
import type { CheckedHealth, Transition } from './checked-health.ts'
import { checkIntervalMs, firstCheckMs } from './check-interval.ts'
import type { Endpoint } from './endpoint.ts'
import type { HealthProbe, ProbeResult } from './health-probe.ts'

/** What a watch needs of those who made it. */
export interface Watched {
  readonly clock: Clock
  readonly random: Random
  readonly timing: HealthCheckTiming
  readonly hadTraffic: boolean
  /** A result was taken in. `recovered`: it has failed its checks until now. */
  checked(endpoint: Endpoint, passed: boolean, transition: Transition, recovered: boolean): void
}

export class HealthWatch {
  readonly endpoint: Endpoint
  readonly #health: CheckedHealth
  readonly #probe: HealthProbe
  readonly #watched: Watched
  #timer: TimerHandle = undefined
  /** Late answers belong to an earlier one. */
  #round = 0
  #closed = false

  constructor(endpoint: Endpoint, health: CheckedHealth, probe: HealthProbe, watched: Watched) {
    this.endpoint = endpoint
    this.#health = health
    this.#probe = probe
    this.#watched = watched
  }

  start(): void {
    const waitMs = firstCheckMs(this.#watched.timing, this.#watched.random)
    if (waitMs === 0) this.#check()
    else this.#wait(waitMs)
  }

  /** Traffic has shown that it wants no more: counted at once, and the rhythm of checks goes on. */
  failNow(reason: string): void {
    this.#fail(reason, true, true)
  }

  close(): void {
    this.#closed = true
    this.#round++
    this.#clear()
    this.#probe.close()
  }

  #check(): void {
    const round = ++this.#round
    const { clock, timing } = this.#watched
    this.#timer = clock.setTimer(timing.timeoutMs, () => this.#timedOut(), true)
    this.#probe.check((result) => {
      if (round === this.#round) this.#answered(result)
    })
  }

  #timedOut(): void {
    this.#round++
    this.#probe.cancel()
    const reason = `no answer within ${this.#watched.timing.timeoutMs} ms`
    this.#answered({ kind: 'failed', reason, atOnce: false, excluded: false })
  }

  #answered(result: ProbeResult): void {
    this.#round++
    this.#clear()
    const { timing, random, hadTraffic } = this.#watched
    const passed = result.kind === 'passed'
    const transition = passed ? this.#pass(result.degraded) : this.#fail(result.reason, result.atOnce, result.excluded)
    // whoever heard of it may have closed this
    if (!this.#closed) this.#wait(checkIntervalMs(timing, passed, transition, hadTraffic, random))
  }

  #pass(degraded: boolean): Transition {
    const failing = this.#health.failing
    const transition = this.#health.passed(degraded, this.#watched.timing.healthyThreshold)
    this.#watched.checked(this.endpoint, true, transition, failing && !this.#health.failing)
    return transition
  }

  #fail(reason: string, atOnce: boolean, excluded: boolean): Transition {
    const newlyExcluded = excluded && !this.#health.excluded
    if (newlyExcluded) this.#health.excluded = true
    const transition = this.#health.failed(reason, atOnce, this.#watched.timing.unhealthyThreshold)
    this.#watched.checked(this.endpoint, false, newlyExcluded ? 'changed' : transition, false)
    return transition
  }

  #wait(ms: number): void {
    this.#timer = this.#watched.clock.setTimer(ms, () => this.#check(), true)
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#watched.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }
}

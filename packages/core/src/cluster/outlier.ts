// Passive health: counts what attempts meant, ejects endpoints that fail, takes them back (Envoy outlier detection, SEMANTICS 7).
// Knows nothing of calls. Owns one background timer, only while there is something to judge or to undo.
import type { Clock, TimerHandle } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { OutlierDetection } from '../model/outlier.ts'
import { Ejections, type OutlierListener } from './ejections.ts'
import type { Endpoint } from './endpoint.ts'
import { judgeRates } from './failure-rates.ts'
import { Tally } from './tally.ts'
import { httpStatusOfGrpc, type Verdict } from './verdict.ts'

export class OutlierDetector {
  #policy: OutlierDetection
  readonly #clock: Clock
  readonly #listener: OutlierListener
  readonly #startedAtMs: number
  readonly #ejections: Ejections
  #counts: boolean
  #timer: TimerHandle = undefined
  #closed = false

  constructor(policy: OutlierDetection, clock: Clock, random: Random, listener: OutlierListener) {
    this.#policy = policy
    this.#counts = judgesRates(policy)
    this.#clock = clock
    this.#listener = listener
    this.#startedAtMs = clock.now()
    this.#ejections = new Ejections(policy, clock, random, listener)
  }

  get policy(): OutlierDetection {
    return this.#policy
  }

  set policy(policy: OutlierDetection) {
    this.#policy = policy
    this.#ejections.policy = policy
    this.#counts = judgesRates(policy)
    if (!this.#counts) for (const endpoint of this.#listener.endpoints()) endpoint.tally = undefined
  }

  get ejectedCount(): number {
    return this.#ejections.active
  }

  /** Ejections that the cap forbade. */
  get overflows(): number {
    return this.#ejections.overflows
  }

  /** Ejections that were not drawn by their enforcing percentage. */
  get unenforced(): number {
    return this.#ejections.unenforced
  }

  /** An attempt's fate is known. Overflows, faults and the caller's own cancellation are not reported here. */
  report(endpoint: Endpoint, verdict: Verdict): void {
    if (this.#closed) return
    if (verdict.kind === 'response') {
      const status = verdict.grpcStatus === undefined ? verdict.status : httpStatusOfGrpc(verdict.grpcStatus)
      this.#external(endpoint, status)
    } else if (this.#policy.splitExternalLocalOriginErrors) {
      this.#localFailure(endpoint)
    } else {
      const timedOut = verdict.failure === 'timeout' || verdict.failure === 'perTryTimeout'
      this.#external(endpoint, timedOut ? 504 : 503)
    }
  }

  /** The attempt is on a connection: local origin is fine (split mode only). */
  reportConnected(endpoint: Endpoint): void {
    endpoint.consecutiveLocalOriginFailure = 0
    if (this.#counts && this.#policy.splitExternalLocalOriginErrors) this.#tallyOf(endpoint).local.add(true)
  }

  /** A health check was passed. */
  reportHealthy(endpoint: Endpoint): void {
    if (endpoint.ejected && this.#policy.healthCheckEndsEjection !== false) this.#ejections.return(endpoint)
  }

  /** An endpoint left the cluster. */
  removed(endpoint: Endpoint): void {
    if (endpoint.ejected) this.#ejections.active--
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #external(endpoint: Endpoint, status: number): void {
    const codes = this.#policy.errorStatusCodes
    const failed = codes === undefined ? status >= 500 : codes.includes(status)
    if (this.#counts) this.#tallyOf(endpoint).external.add(!failed)
    if (!failed) {
      endpoint.consecutive5xx = 0
      endpoint.consecutiveGatewayFailure = 0
      return
    }
    const { consecutive5xx, consecutiveGatewayFailure, enforcing } = this.#policy
    if (status >= 502 && status <= 504) {
      endpoint.consecutiveGatewayFailure++
      if (endpoint.consecutiveGatewayFailure === consecutiveGatewayFailure) {
        endpoint.consecutiveGatewayFailure = 0
        const reason = `${consecutiveGatewayFailure} consecutive gateway errors`
        this.#eject(endpoint, enforcing?.consecutiveGatewayFailure, reason)
      }
    } else {
      endpoint.consecutiveGatewayFailure = 0
    }
    endpoint.consecutive5xx++
    if (endpoint.consecutive5xx === consecutive5xx) {
      endpoint.consecutive5xx = 0
      this.#eject(endpoint, enforcing?.consecutive5xx, `${consecutive5xx} consecutive errors`)
    }
  }

  #localFailure(endpoint: Endpoint): void {
    if (this.#counts) this.#tallyOf(endpoint).local.add(false)
    const { consecutiveLocalOriginFailure, enforcing } = this.#policy
    endpoint.consecutiveLocalOriginFailure++
    if (endpoint.consecutiveLocalOriginFailure !== consecutiveLocalOriginFailure) return
    endpoint.consecutiveLocalOriginFailure = 0
    const reason = `${consecutiveLocalOriginFailure} consecutive local failures`
    this.#eject(endpoint, enforcing?.consecutiveLocalOriginFailure, reason)
  }

  #eject(endpoint: Endpoint, enforcing: number | undefined, reason: string): void {
    if (this.#ejections.eject(endpoint, enforcing ?? 1, reason)) this.#arm()
  }

  /** What was counted has to be judged at the end of the interval. */
  #tallyOf(endpoint: Endpoint): Tally {
    if (this.#timer === undefined) this.#arm()
    return (endpoint.tally ??= new Tally())
  }

  /** Sweeps happen at whole intervals since the cluster was made, as Envoy's timer does. */
  #arm(): void {
    if (this.#timer !== undefined || this.#closed) return
    const { intervalMs } = this.#policy
    // a clock may fire a hair early: the sweep of one boundary must not be followed by another for the same
    const sinceStart = this.#clock.now() - this.#startedAtMs + 1
    const wait = intervalMs - (sinceStart % intervalMs) + 1
    this.#timer = this.#clock.setTimer(wait, () => this.#sweep(), true)
  }

  #sweep(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    for (const endpoint of this.#listener.endpoints()) {
      if (endpoint.ejected) this.#ejections.returnIfDue(endpoint, nowMs)
      endpoint.tally?.turn()
    }
    if (this.#counts) {
      judgeRates(this.#policy, this.#listener.endpoints(), 'external', this.#ejections)
      if (this.#policy.splitExternalLocalOriginErrors)
        judgeRates(this.#policy, this.#listener.endpoints(), 'local', this.#ejections)
    }
    let work = false
    for (const endpoint of this.#listener.endpoints()) {
      this.#ejections.decay(endpoint, nowMs)
      work ||= endpoint.ejected || (endpoint.ejectionRecord?.multiplier ?? 0) > 0
    }
    if (work) this.#arm()
  }
}

function judgesRates({ successRate, failurePercentage }: OutlierDetection): boolean {
  return successRate !== undefined || failurePercentage !== undefined
}

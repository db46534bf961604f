// Passive health: ejects endpoints that fail several times in a row and takes them back (Envoy outlier detection).
// Knows nothing of calls; is told what attempts meant. Owns one background timer, only while there is something to undo.
import type { Clock, TimerHandle } from '../base/clock.ts'
import type { OutlierDetection } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'
import { httpStatusOfGrpc, type Verdict } from './verdict.ts'

/** Hears of ejections; the cluster rebuilds its picker. */
export interface OutlierListener {
  ejected(endpoint: Endpoint, reason: string): void
  returned(endpoint: Endpoint): void
  /** All endpoints of the cluster, the ejected included. */
  endpoints(): Iterable<Endpoint>
  readonly endpointCount: number
}

export class OutlierDetector {
  policy: OutlierDetection
  readonly #clock: Clock
  readonly #listener: OutlierListener
  readonly #startedAtMs: number
  #timer: TimerHandle = undefined
  ejectedCount = 0
  /** Ejections that the cap forbade. */
  overflows = 0
  #closed = false

  constructor(policy: OutlierDetection, clock: Clock, listener: OutlierListener) {
    this.policy = policy
    this.#clock = clock
    this.#listener = listener
    this.#startedAtMs = clock.now()
  }

  /** An attempt's fate is known. Overflows, faults and the caller's own cancellation are not reported here. */
  report(endpoint: Endpoint, verdict: Verdict): void {
    if (this.#closed) return
    if (verdict.kind === 'response') {
      const status = verdict.grpcStatus === undefined ? verdict.status : httpStatusOfGrpc(verdict.grpcStatus)
      this.#external(endpoint, status)
    } else if (this.policy.splitExternalLocalOriginErrors) {
      this.#local(endpoint)
    } else {
      const timedOut = verdict.failure === 'timeout' || verdict.failure === 'perTryTimeout'
      this.#external(endpoint, timedOut ? 504 : 503)
    }
  }

  /** A connection was made or a response came: local origin is fine (split mode only). */
  reportConnected(endpoint: Endpoint): void {
    endpoint.consecutiveLocalOriginFailure = 0
  }

  /** An endpoint left the cluster. */
  removed(endpoint: Endpoint): void {
    if (endpoint.ejected) this.ejectedCount--
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #external(endpoint: Endpoint, status: number): void {
    const codes = this.policy.errorStatusCodes
    const failed = codes === undefined ? status >= 500 : codes.includes(status)
    if (!failed) {
      endpoint.consecutive5xx = 0
      endpoint.consecutiveGatewayFailure = 0
      return
    }
    if (status >= 502 && status <= 504) {
      endpoint.consecutiveGatewayFailure++
      if (endpoint.consecutiveGatewayFailure === this.policy.consecutiveGatewayFailure) {
        endpoint.consecutiveGatewayFailure = 0
        this.#eject(endpoint, `${this.policy.consecutiveGatewayFailure} consecutive gateway errors`)
      }
    } else {
      endpoint.consecutiveGatewayFailure = 0
    }
    endpoint.consecutive5xx++
    if (endpoint.consecutive5xx === this.policy.consecutive5xx) {
      endpoint.consecutive5xx = 0
      this.#eject(endpoint, `${this.policy.consecutive5xx} consecutive errors`)
    }
  }

  #local(endpoint: Endpoint): void {
    endpoint.consecutiveLocalOriginFailure++
    if (endpoint.consecutiveLocalOriginFailure !== this.policy.consecutiveLocalOriginFailure) return
    endpoint.consecutiveLocalOriginFailure = 0
    this.#eject(endpoint, `${this.policy.consecutiveLocalOriginFailure} consecutive local failures`)
  }

  #eject(endpoint: Endpoint, reason: string): void {
    if (endpoint.ejected) return
    if ((this.ejectedCount + 1) / this.#listener.endpointCount > this.policy.maxEjectionPercent + 1e-9) {
      this.overflows++
      return
    }
    endpoint.ejected = true
    endpoint.ejectedAtMs = this.#clock.now()
    endpoint.ejectionMultiplier++
    endpoint.ejections++
    this.ejectedCount++
    this.#arm()
    this.#listener.ejected(endpoint, reason)
  }

  /** Sweeps happen at whole intervals since the cluster was made, as Envoy's timer does. */
  #arm(): void {
    if (this.#timer !== undefined) return
    const { intervalMs } = this.policy
    // a clock may fire a hair early: the sweep of one boundary must not be followed by another for the same
    const sinceStart = this.#clock.now() - this.#startedAtMs + 1
    const wait = intervalMs - (sinceStart % intervalMs) + 1
    this.#timer = this.#clock.setTimer(wait, () => this.#sweep(), true)
  }

  #sweep(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    let work = false
    for (const endpoint of this.#listener.endpoints()) {
      if (endpoint.ejected) this.#returnIfDue(endpoint, now)
      else if (endpoint.ejectionMultiplier > 0) endpoint.ejectionMultiplier--
      work ||= endpoint.ejected || endpoint.ejectionMultiplier > 0
    }
    if (work) this.#arm()
  }

  #returnIfDue(endpoint: Endpoint, now: number): void {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.policy
    const duration = Math.min(baseEjectionTimeMs * endpoint.ejectionMultiplier, maxEjectionTimeMs)
    if (now - endpoint.ejectedAtMs < duration) return
    endpoint.ejected = false
    endpoint.consecutive5xx = 0
    endpoint.consecutiveGatewayFailure = 0
    endpoint.consecutiveLocalOriginFailure = 0
    this.ejectedCount--
    this.#listener.returned(endpoint)
  }
}

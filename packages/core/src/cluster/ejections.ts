// Ejections of one cluster: who may go, for how long, and when they come back (Envoy DetectorImpl ejectHost, unejectHost).
// Not who deserves it: that is outlier.ts and failure-rates.ts.
import type { Clock } from '../base/clock.ts'
import { below, type Random } from '../base/random.ts'
import type { OutlierDetection } from '../model/outlier.ts'
import type { Endpoint } from './endpoint.ts'

/** Hears of ejections; the cluster rebuilds its picker. */
export interface OutlierListener {
  ejected(endpoint: Endpoint, reason: string): void
  returned(endpoint: Endpoint): void
  /** All endpoints of the cluster, the ejected included. */
  endpoints(): Iterable<Endpoint>
  readonly endpointCount: number
}

export class Ejections {
  policy: OutlierDetection
  readonly #clock: Clock
  readonly #random: Random
  readonly #listener: OutlierListener
  active = 0
  /** Forbidden by the cap. */
  overflows = 0
  /** Deserved and allowed, but not drawn. */
  unenforced = 0

  constructor(policy: OutlierDetection, clock: Clock, random: Random, listener: OutlierListener) {
    this.policy = policy
    this.#clock = clock
    this.#random = random
    this.#listener = listener
  }

  /** @param enforcing chance (0..1) that it happens. True: it did */
  eject(endpoint: Endpoint, enforcing: number, reason: string): boolean {
    if (endpoint.ejected) return false
    if (!this.#mayGo()) {
      this.overflows++
      return false
    }
    if (!this.#drawn(enforcing)) {
      this.unenforced++
      return false
    }
    const { baseEjectionTimeMs, maxEjectionTimeMs, maxEjectionTimeJitterMs = 0 } = this.policy
    endpoint.ejected = true
    endpoint.ejectedAtMs = this.#clock.now()
    endpoint.ejections++
    endpoint.ejectionJitterMs = maxEjectionTimeJitterMs === 0 ? 0 : below(this.#random, maxEjectionTimeJitterMs + 1)
    if (endpoint.ejectionMultiplier * baseEjectionTimeMs < maxEjectionTimeMs + baseEjectionTimeMs)
      endpoint.ejectionMultiplier++
    this.active++
    this.#listener.ejected(endpoint, reason)
    return true
  }

  /** Back when its time is over. */
  returnIfDue(endpoint: Endpoint, nowMs: number): void {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.policy
    const durationMs = Math.min(baseEjectionTimeMs * endpoint.ejectionMultiplier, maxEjectionTimeMs)
    if (nowMs - endpoint.ejectedAtMs >= durationMs + endpoint.ejectionJitterMs) this.return(endpoint)
  }

  /** Back now, with a clean sheet. */
  return(endpoint: Endpoint): void {
    endpoint.ejected = false
    endpoint.returnedAtMs = this.#clock.now()
    endpoint.consecutive5xx = 0
    endpoint.consecutiveGatewayFailure = 0
    endpoint.consecutiveLocalOriginFailure = 0
    this.active--
    this.#listener.returned(endpoint)
  }

  /** A whole interval without ejection makes the next one shorter. */
  decay(endpoint: Endpoint, nowMs: number): void {
    if (endpoint.ejected || endpoint.ejectionMultiplier === 0) return
    if (nowMs - endpoint.returnedAtMs >= this.policy.intervalMs - 1) endpoint.ejectionMultiplier--
  }

  #mayGo(): boolean {
    const { maxEjectionPercent, alwaysEjectOneHost = false } = this.policy
    if (alwaysEjectOneHost && this.active === 0) return true
    return (this.active + 1) / this.#listener.endpointCount <= maxEjectionPercent + 1e-9
  }

  /** In whole percents, as Envoy; certainty costs no draw. */
  #drawn(enforcing: number): boolean {
    const percent = Math.round(enforcing * 100)
    return percent >= 100 || (percent > 0 && below(this.#random, 100) < percent)
  }
}

// Ejections of one cluster: who may go, for how long, and when they come back (Envoy DetectorImpl ejectHost, unejectHost).
// Not who deserves it: that is outlier.ts and failure-rates.ts.
import type { Clock } from '../base/clock.ts'
import { below, type Random } from '../base/random.ts'
import type { OutlierDetection } from '../model/outlier.ts'
import { EjectionRecord } from './ejection-record.ts'
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
    const record = (endpoint.ejectionRecord ??= new EjectionRecord())
    record.count++
    record.ejectedAtMs = this.#clock.now()
    record.jitterMs = maxEjectionTimeJitterMs === 0 ? 0 : below(this.#random, maxEjectionTimeJitterMs + 1)
    if (record.multiplier * baseEjectionTimeMs < maxEjectionTimeMs + baseEjectionTimeMs) record.multiplier++
    this.active++
    this.#listener.ejected(endpoint, reason)
    return true
  }

  /** Back when its time is over. */
  returnIfDue(endpoint: Endpoint, nowMs: number): void {
    const record = endpoint.ejectionRecord
    if (record === undefined) return
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.policy
    const durationMs = Math.min(baseEjectionTimeMs * record.multiplier, maxEjectionTimeMs)
    if (nowMs - record.ejectedAtMs >= durationMs + record.jitterMs) this.return(endpoint)
  }

  /** Back now, with a clean sheet. */
  return(endpoint: Endpoint): void {
    endpoint.ejected = false
    if (endpoint.ejectionRecord !== undefined) endpoint.ejectionRecord.returnedAtMs = this.#clock.now()
    endpoint.consecutive5xx = 0
    endpoint.consecutiveGatewayFailure = 0
    endpoint.consecutiveLocalOriginFailure = 0
    this.active--
    this.#listener.returned(endpoint)
  }

  /** A whole interval without ejection makes the next one shorter. */
  decay(endpoint: Endpoint, nowMs: number): void {
    const record = endpoint.ejectionRecord
    if (endpoint.ejected || record === undefined || record.multiplier === 0) return
    if (nowMs - record.returnedAtMs >= this.policy.intervalMs - 1) record.multiplier--
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

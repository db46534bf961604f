// What a host says of its own load, and the weight that follows (gRFC A58, Envoy ClientSideWeightedRoundRobin).
// Written when a report comes; read by balance/client-weighted at each renewal of weights.
import type { ClientWeightedRoundRobin } from '../model/cluster.ts'

/** One report; all 0 or more, 0 where the host does not say. */
export interface LoadReport {
  readonly cpuUtilization: number
  /** What the application itself counts as its utilisation; comes before the CPU's. */
  readonly applicationUtilization: number
  readonly requestsPerSecond: number
  readonly errorsPerSecond: number
}

export class ReportedLoad {
  /** The latest came by itself, not with an answer. */
  outOfBand = false
  #weight = 0
  #sinceMs = Infinity
  #atMs = -Infinity

  /** Takes a report; one that yields no weight changes nothing. */
  take(report: LoadReport, errorPenalty: number, nowMs: number): void {
    const { requestsPerSecond: rate, errorsPerSecond } = report
    if (!(rate > 0)) return
    const utilization = report.applicationUtilization > 0 ? report.applicationUtilization : report.cpuUtilization
    const weight = rate / (utilization + (errorPenalty * errorsPerSecond) / rate)
    if (!(weight > 0 && weight < Infinity)) return
    this.#weight = weight
    this.#atMs = nowMs
    if (this.#sinceMs === Infinity) this.#sinceMs = nowMs
  }

  /** 0 while there is none: too new, or too old and then new again. */
  weightAt(nowMs: number, { blackoutMs, expiryMs }: ClientWeightedRoundRobin): number {
    if (nowMs - this.#sinceMs < blackoutMs || this.#sinceMs === Infinity) return 0
    if (nowMs - this.#atMs <= expiryMs) return this.#weight
    this.#sinceMs = Infinity
    return 0
  }
}

// What balancers that learn want to hear of attempts, and nothing where they do not: latencies and load reports.
// Told by cluster; keeps what is known with the endpoints.
import { TypicalLatency } from '../balance/typical-latency.ts'
import type { LoadReport } from '../balance/reported-load.ts'
import type { Clock } from '../base/clock.ts'
import type { LoadBalancer } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'

export class Observations {
  policy: LoadBalancer
  readonly #clock: Clock
  #typical: TypicalLatency | undefined = undefined

  constructor(policy: LoadBalancer, clock: Clock) {
    this.policy = policy
    this.#clock = clock
  }

  get wantsLatency(): boolean {
    return this.policy.kind === 'peakEwma'
  }

  get wantsLoad(): boolean {
    return this.policy.kind === 'clientWeightedRoundRobin'
  }

  /** A failure counts as much longer than it took: answering at once with an error must not attract calls. */
  latency(endpoint: Endpoint, sentAtMs: number, failed: boolean): void {
    if (this.policy.kind !== 'peakEwma') return
    const { decayMs, failurePenalty } = this.policy
    const nowMs = this.#clock.now()
    const tookMs = Number.isNaN(sentAtMs) ? 0 : nowMs - sentAtMs
    const typical = (this.#typical ??= new TypicalLatency())
    if (!failed) typical.observe(tookMs)
    const countsMs = failed ? Math.max(tookMs, failurePenalty * typical.medianMs) : tookMs
    endpoint.reportLatency(countsMs, nowMs, decayMs)
  }

  /** @param outOfBand it came by itself, not with an answer */
  load(endpoint: Endpoint, report: LoadReport, outOfBand: boolean): void {
    if (this.policy.kind !== 'clientWeightedRoundRobin') return
    const byItself = this.outOfBandMs !== undefined && endpoint.load?.outOfBand === true
    if (byItself && !outOfBand) return
    endpoint.reportLoad(report, this.policy.errorPenalty, this.#clock.now(), outOfBand)
  }

  /** How often endpoints are to report by themselves; undefined: not at all. */
  get outOfBandMs(): number | undefined {
    return outOfBandMsOf(this.policy)
  }
}

export function outOfBandMsOf(policy: LoadBalancer): number | undefined {
  return policy.kind === 'clientWeightedRoundRobin' ? policy.outOfBandMs : undefined
}

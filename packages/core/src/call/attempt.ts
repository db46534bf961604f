// One try of a call: its number, where it goes, and how far it came. Doors report here what became of it.
import type { Deadline } from '../base/timeouts.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { Failure, Verdict } from '../cluster/verdict.ts'
import type { Call } from './conduct.ts'
import { parseLoadMetrics } from './load-metrics.ts'
import { parseLoadReport } from './load-report.ts'
import type { OwnDelay } from './own-delay.ts'
import type { AttemptTrace } from './trace.ts'
import type { Tries } from './tries.ts'

export type AttemptPhase =
  /** Waiting for a connection. */
  | 'pending'
  /** On a connection. */
  | 'sent'
  /** The response head was passed on. */
  | 'committed'
  | 'over'

export class Attempt {
  readonly call: Call
  readonly endpoint: Endpoint
  /** Counts from 1. */
  readonly number: number
  readonly #tries: Tries
  phase: AttemptPhase = 'pending'
  deadline: Deadline | undefined = undefined
  /** The time that its endpoint was told, as a `grpc-timeout`, is over from here on; undefined: it was told none. */
  toldUntilMs: number | undefined = undefined
  /** When it was put on a connection; NaN where nobody wants to know. */
  sentAtMs: number = Number.NaN
  ownDelay: OwnDelay | undefined = undefined
  /** Undefined while it is under way, and where nobody waited for its fate. */
  verdict: Verdict | undefined = undefined
  trace: AttemptTrace | undefined = undefined

  constructor(call: Call, tries: Tries, endpoint: Endpoint, number: number) {
    this.call = call
    this.#tries = tries
    this.endpoint = endpoint
    this.number = number
  }

  /** What its endpoint was told to take is over. */
  get isOverdue(): boolean {
    return this.toldUntilMs !== undefined && this.#tries.nowMs >= this.toldUntilMs
  }

  /** It is on a connection. */
  ready(): void {
    this.#tries.ready(this)
  }

  /** The connection was lost before anything was written: it waits for another. */
  unready(): void {
    this.#tries.unready(this)
  }

  /** A response head has come. True: it is the answer, pass it on. False: forget it, another attempt follows. */
  head(status: number, grpcStatus: number | undefined, rateLimited: boolean): boolean {
    return this.#tries.head(this, status, grpcStatus, rateLimited)
  }

  /** It ended without a response head. */
  failed(failure: Failure, cause: unknown): void {
    this.#tries.failed(this, failure, cause)
  }

  /** The response that was passed on ended: complete, or broken off with a failure. */
  finished(failure?: Failure): void {
    this.#tries.finished(this, failure)
  }

  /** Doors that see `endpoint-load-metrics` where `cluster.wantsHeads` tell it, before the head. */
  loadReported(text: string): void {
    const { observations, metrics } = this.#tries.cluster
    const report = observations.wantsLoad ? parseLoadReport(text) : undefined
    if (report !== undefined) observations.load(this.endpoint, report, false)
    metrics?.take(this.endpoint, parseLoadMetrics(text))
  }

  /** Doors that see `x-envoy-immediate-health-check-fail` where `cluster.wantsHeads` tell it. */
  unfit(): void {
    this.#tries.cluster.reportUnfit(this.endpoint)
  }
}

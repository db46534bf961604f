// What is told of a run: of the calls that began within the measured time, how many went well, how long they took, what they cost.

export interface Figures {
  readonly calls: number
  /** Share (0..1) of calls that were answered well. */
  readonly goodput: number
  /** Of all calls, however they ended. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Attempts for each call. */
  readonly amplification: number
  /** What a scenario tells beside. */
  readonly more: Readonly<Record<string, number>>
}

export class Recorder {
  readonly #fromMs: number
  readonly #toMs: number
  readonly #latencies: number[] = []
  #good = 0
  #attempts = 0

  /** Calls that begin within are counted, in seconds. */
  constructor(from: number, to: number) {
    this.#fromMs = from * 1_000
    this.#toMs = to * 1_000
  }

  record(begunMs: number, tookMs: number, status: number, attempts: number): void {
    if (begunMs < this.#fromMs || begunMs >= this.#toMs) return
    this.#latencies.push(tookMs)
    if (status === 200) this.#good++
    this.#attempts += attempts
  }

  get goodput(): number {
    return this.#good / this.#latencies.length
  }

  figures(more: Readonly<Record<string, number>>): Figures {
    const sorted = Float64Array.from(this.#latencies).toSorted()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    const calls = sorted.length
    return {
      calls,
      goodput: this.goodput,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      amplification: this.#attempts / calls,
      more,
    }
  }
}

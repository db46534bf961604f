// What is expected of one host's latency: a moving average that jumps up at once and is forgotten over time (Finagle peak EWMA).
// Fed by cluster/observations, read by balance/peak-ewma.

export class PeakLatency {
  #ms = 0
  #atMs = 0

  observe(latencyMs: number, nowMs: number, decayMs: number): void {
    const kept = Math.exp((this.#atMs - nowMs) / decayMs)
    this.#ms = latencyMs > this.#ms * kept ? latencyMs : this.#ms * kept + latencyMs * (1 - kept)
    this.#atMs = nowMs
  }

  /** As it is expected now: without news it fades, so that a host that was slow is tried again. */
  expectedMs(nowMs: number, decayMs: number): number {
    return this.#ms * Math.exp((this.#atMs - nowMs) / decayMs)
  }
}

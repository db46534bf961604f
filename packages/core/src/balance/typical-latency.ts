// The median of a stream of latencies in one number that walks towards it; a failed answer is measured against it.
// An estimate (frugal streaming): each value moves it by a twentieth of itself.

const step = 0.05

export class TypicalLatency {
  /** 0 until there was one. */
  medianMs = 0

  observe(latencyMs: number): void {
    if (this.medianMs === 0) this.medianMs = latencyMs
    else if (latencyMs > this.medianMs) this.medianMs = Math.min(latencyMs, this.medianMs * (1 + step))
    else if (latencyMs < this.medianMs) this.medianMs = Math.max(latencyMs, this.medianMs * (1 - step))
  }
}

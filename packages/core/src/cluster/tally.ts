// Requests of one endpoint counted by intervals: those of the present one, and of the one before, which is judged.
// Two kinds: what endpoints answered, and in split mode what happened on this side of the wire. Made at the first request.

class RequestCount {
  total = 0
  good = 0
  lastTotal = 0
  lastGood = 0

  add(good: boolean): void {
    this.total++
    if (good) this.good++
  }

  /** The interval is over. */
  turn(): void {
    this.lastTotal = this.total
    this.lastGood = this.good
    this.total = 0
    this.good = 0
  }

  /** Percent of the last interval's requests that went well; NaN: there were none. */
  get successRate(): number {
    return (this.lastGood * 100) / this.lastTotal
  }
}

export class Tally {
  readonly external: RequestCount = new RequestCount()
  readonly local: RequestCount = new RequestCount()

  turn(): void {
    this.external.turn()
    this.local.turn()
  }
}

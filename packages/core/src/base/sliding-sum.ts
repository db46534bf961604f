// A sum over a window of time that slides in steps. Constant cost, no timers: what is too old goes when somebody looks.

const slots = 24

export class SlidingSum {
  readonly #slotMs: number
  readonly #sums = new Float64Array(slots)
  #slot = Number.NaN
  #total = 0

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slots
  }

  add(nowMs: number, amount: number): void {
    this.#slide(nowMs)
    const place = this.#slot % slots
    this.#sums[place] = (this.#sums[place] ?? 0) + amount
    this.#total += amount
  }

  total(nowMs: number): number {
    this.#slide(nowMs)
    return this.#total
  }

  #slide(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs)
    if (slot === this.#slot) return
    // a clock begins anywhere
    const from = Math.max(Number.isNaN(this.#slot) ? slot - 1 : this.#slot, slot - slots)
    for (let passed = from + 1; passed <= slot; passed++) {
      const place = passed % slots
      this.#total -= this.#sums[place] ?? 0
      this.#sums[place] = 0
    }
    this.#slot = slot
  }
}

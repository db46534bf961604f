// Pending timers of the virtual clock, the next one on top: a binary heap; what is cleared stays until it comes up.

export interface HeapTimer {
  readonly at: number
  /** Of timers for the same time the one made first fires first. */
  readonly order: number
  /** Undefined: cleared. */
  fire: (() => void) | undefined
}

export class TimerHeap {
  readonly #timers: HeapTimer[] = []

  push(timer: HeapTimer): void {
    const timers = this.#timers
    let at = timers.length
    timers.push(timer)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = timers[parent]
      if (above === undefined || !isBefore(timer, above)) break
      timers[at] = above
      at = parent
    }
    timers[at] = timer
  }

  /** The next one that was not cleared. */
  peek(): HeapTimer | undefined {
    let first = this.#timers[0]
    while (first !== undefined && first.fire === undefined) {
      this.pop()
      first = this.#timers[0]
    }
    return first
  }

  pop(): void {
    const timers = this.#timers
    const last = timers.pop()
    if (last === undefined || timers.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      let below = timers[child]
      const right = timers[child + 1]
      if (below === undefined) break
      if (right !== undefined && isBefore(right, below)) {
        child++
        below = right
      }
      if (!isBefore(below, last)) break
      timers[at] = below
      at = child
    }
    timers[at] = last
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

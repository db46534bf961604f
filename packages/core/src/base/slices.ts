// Long work done piece by piece, so that it never blocks the event loop: one piece of work at a time, a few milliseconds a turn.
// Not for work on the call path. One per mesh; balancers build their large tables with it.
import type { Clock, TimerHandle } from './clock.ts'

/** Work that can be done in pieces. */
export interface Sliced {
  /** Does a piece of well under a millisecond. True: all is done. */
  step(): boolean
}

const turnMs = 4
/** Between turns others run. */
const restMs = 1
/** Bounds a turn also where time stands still. */
const turnSteps = 16

export class Slices {
  readonly #clock: Clock
  readonly #queue: Sliced[] = []
  #timer: TimerHandle = undefined
  /** Time taken since others could run last, and until when. */
  #spentMs = 0
  #endedMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Begins at the next turn, after what was added before. */
  add(work: Sliced): void {
    this.#queue.push(work)
    this.#schedule()
  }

  /** Begins at once where nothing is under way and others had their turn: what is short is done when this returns. */
  begin(work: Sliced): void {
    const idle = this.#queue.length === 0
    this.#queue.push(work)
    if (this.#clock.now() > this.#endedMs + restMs) this.#spentMs = 0
    if (idle && this.#spentMs < turnMs) this.#turn()
    else this.#schedule()
  }

  /** Nobody wants it any more; harmless when it is done or was never added. */
  drop(work: Sliced): void {
    const at = this.#queue.indexOf(work)
    if (at !== -1) this.#queue.splice(at, 1)
    if (this.#queue.length === 0) this.close()
  }

  close(): void {
    this.#queue.length = 0
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    if (this.#timer === undefined && this.#queue.length > 0) {
      this.#timer = this.#clock.setTimer(restMs, () => this.#freshTurn(), true)
    }
  }

  #freshTurn(): void {
    this.#timer = undefined
    this.#spentMs = 0
    this.#turn()
  }

  #turn(): void {
    const startMs = this.#clock.now()
    const untilMs = startMs + turnMs - this.#spentMs
    this.#endedMs = startMs
    try {
      for (let steps = 0; steps < turnSteps && this.#endedMs < untilMs; steps++) {
        const work = this.#queue[0]
        if (work === undefined) break
        this.#step(work)
      }
    } finally {
      this.#spentMs += this.#endedMs - startMs
      this.#schedule()
    }
  }

  /** Work that throws is done with. */
  #step(work: Sliced): void {
    let done = true
    try {
      done = work.step()
    } finally {
      if (done) this.drop(work)
      this.#endedMs = this.#clock.now()
    }
  }
}

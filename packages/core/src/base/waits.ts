// Waits that keep the process alive, back-off and fault delay: each a timer of its own. Closing ends them all at once.
// Not for deadlines, which are set on every call and live in timeouts.ts.
import type { Clock, TimerHandle } from './clock.ts'

/** One wait; give it back to `cancel`. */
export interface Wait {
  timer: TimerHandle
  readonly over: () => void
}

export class Waits {
  readonly #clock: Clock
  readonly #waits = new Set<Wait>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `over` once: when so much time has passed, or when the mesh closes. */
  start(ms: number, over: () => void): Wait {
    const wait: Wait = { timer: undefined, over }
    if (this.#closed) {
      over()
      return wait
    }
    this.#waits.add(wait)
    wait.timer = this.#clock.setTimer(ms, () => this.#end(wait), false)
    return wait
  }

  cancel(wait: Wait): void {
    if (this.#waits.delete(wait)) this.#clock.clearTimer(wait.timer)
  }

  close(): void {
    this.#closed = true
    for (const wait of this.#waits) {
      this.#clock.clearTimer(wait.timer)
      this.#end(wait)
    }
  }

  #end(wait: Wait): void {
    if (this.#waits.delete(wait)) wait.over()
  }
}

// Time comes in by the door: the only way the engine reads or waits for time.
// Not a scheduler: deadlines that are set on every call live in timeouts.ts.

/** A pending timer. Opaque; give it back to the clock that made it. */
export type TimerHandle = unknown

/** Source of time. Implementations: the process clock (made by the front door) and `VirtualClock`. */
export interface Clock {
  /** Monotonic milliseconds, fractional, arbitrary origin. */
  now(): number
  /** Milliseconds since the Unix epoch; for people only, never for intervals. */
  wallNow(): number
  /** Calls `fire` once after `delayMs`. `background` timers do not keep the process alive. */
  setTimer(delayMs: number, fire: () => void, background: boolean): TimerHandle
  /** Forgets a timer; harmless when it has fired. */
  clearTimer(timer: TimerHandle): void
}

interface VirtualTimer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

/** A clock that stands still until told to advance. For tests and simulations. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<VirtualTimer>()

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now
  }

  setTimer(delayMs: number, fire: () => void): TimerHandle {
    const timer: VirtualTimer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fire }
    this.#timers.add(timer)
    return timer
  }

  clearTimer(timer: TimerHandle): void {
    this.#timers.delete(timer as VirtualTimer)
  }

  /** Number of timers that have not fired. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Time of the next timer, or undefined when there is none. */
  get nextTimerAt(): number | undefined {
    return this.#earliest()?.at
  }

  /** Moves time forward, firing due timers in order of their time, then of their creation. */
  advance(ms: number): void {
    const target = this.#now + ms
    for (let timer = this.#earliest(); timer !== undefined && timer.at <= target; timer = this.#earliest()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.fire()
    }
    this.#now = target
  }

  /** As `advance`, but lets promise callbacks run after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const target = this.#now + ms
    await settle()
    for (let timer = this.#earliest(); timer !== undefined && timer.at <= target; timer = this.#earliest()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.fire()
      await settle()
    }
    this.#now = target
  }

  #earliest(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined
    for (const timer of this.#timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer
      }
    }
    return first
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

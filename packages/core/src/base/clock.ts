// Time comes in by the door: the only way the engine reads or waits for time.
// Not a scheduler: deadlines that are set on every call live in timeouts.ts.
import { type HeapTimer, TimerHeap } from './timer-heap.ts'

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

/** A clock that stands still until told to advance. For tests and simulations. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  #pending = 0
  readonly #timers = new TimerHeap()

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
    const timer: HeapTimer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fire }
    this.#timers.push(timer)
    this.#pending++
    return timer
  }

  clearTimer(timer: TimerHandle): void {
    const found = timer as HeapTimer | undefined
    if (found?.fire === undefined) return
    found.fire = undefined
    this.#pending--
  }

  /** Number of timers that have not fired. */
  get pendingTimers(): number {
    return this.#pending
  }

  /** Time of the next timer, or undefined when there is none. */
  get nextTimerAt(): number | undefined {
    return this.#timers.peek()?.at
  }

  /** Moves time forward, firing due timers in order of their time, then of their creation. */
  advance(ms: number): void {
    const target = this.#now + ms
    for (let fire = this.#next(target); fire !== undefined; fire = this.#next(target)) fire()
    this.#now = target
  }

  /** As `advance`, but lets promise callbacks run after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const target = this.#now + ms
    await settle()
    for (let fire = this.#next(target); fire !== undefined; fire = this.#next(target)) {
      fire()
      await settle()
    }
    this.#now = target
  }

  /** Takes the next timer that is due by then, and moves to its time. */
  #next(target: number): (() => void) | undefined {
    const timer = this.#timers.peek()
    if (timer === undefined || timer.at > target) return undefined
    this.#timers.pop()
    this.#pending--
    this.#now = Math.max(this.#now, timer.at)
    const { fire } = timer
    timer.fire = undefined
    return fire
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

// Deadlines that are set on every call: one list per duration, one background timer per list, constant cost per entry.
// Not for waits that must keep the process alive (back-off, fault delay): those take a timer of the clock itself.
import type { Clock, TimerHandle } from './clock.ts'

/** Something that wants to hear when its deadline has passed. */
export interface Expiring {
  /** `kind` is what the caller passed to `add`. */
  expired(kind: number): void
}

/** One deadline in a list; `cancel` unlinks it. */
export class Deadline {
  readonly at: number
  readonly kind: number
  #owner: Expiring | undefined
  previous: Deadline | undefined = undefined
  next: Deadline | undefined = undefined
  list: DeadlineList | undefined = undefined

  constructor(at: number, kind: number, owner: Expiring | undefined) {
    this.at = at
    this.kind = kind
    this.#owner = owner
  }

  cancel(): void {
    this.list?.unlink(this)
    this.#owner = undefined
  }

  expire(): void {
    const owner = this.#owner
    this.#owner = undefined
    owner?.expired(this.kind)
  }
}

/** All deadlines of one duration: first in, first out, so the head is always the next to expire. */
class DeadlineList {
  readonly durationMs: number
  readonly #clock: Clock
  readonly #head = new Deadline(0, 0, undefined)
  #timer: TimerHandle = undefined
  #stopped = false

  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock
    this.durationMs = durationMs
    this.#head.next = this.#head
    this.#head.previous = this.#head
  }

  add(kind: number, owner: Expiring, nowMs: number): Deadline {
    const entry = new Deadline(nowMs + this.durationMs, kind, owner)
    const last = this.#head.previous ?? this.#head
    entry.list = this
    entry.previous = last
    entry.next = this.#head
    last.next = entry
    this.#head.previous = entry
    if (this.#timer === undefined) this.#arm(this.durationMs)
    return entry
  }

  unlink(entry: Deadline): void {
    if (entry.previous !== undefined) entry.previous.next = entry.next
    if (entry.next !== undefined) entry.next.previous = entry.previous
    // unlinked at once, so that an old list never holds a finished call alive
    entry.previous = undefined
    entry.next = undefined
    entry.list = undefined
  }

  get empty(): boolean {
    return this.#head.next === this.#head
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire(), true)
  }

  /** `#timer` stays set meanwhile: what those who hear of their end add here must not arm a second one. */
  #fire(): void {
    const now = this.#clock.now()
    try {
      // a clock may fire a hair early; half a millisecond is due
      for (let first = this.#first; first !== undefined && first.at <= now + 0.5; first = this.#first) {
        this.unlink(first)
        first.expire()
      }
    } finally {
      // also where an application has thrown: those behind it still wait
      const next = this.#first
      if (next === undefined) this.#timer = undefined
      else this.#arm(Math.max(1, next.at - now))
    }
  }

  get #first(): Deadline | undefined {
    return this.#stopped || this.empty ? undefined : this.#head.next
  }
}

/** The deadlines of one mesh. */
export class Timeouts {
  readonly #clock: Clock
  readonly #lists = new Map<number, DeadlineList>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Tells `owner.expired(kind)` after `durationMs` unless cancelled. `nowMs` spares a look at the clock. */
  add(durationMs: number, kind: number, owner: Expiring, nowMs: number = this.#clock.now()): Deadline {
    if (this.#closed) return new Deadline(Infinity, kind, undefined)
    let list = this.#lists.get(durationMs)
    if (list === undefined) {
      if (this.#lists.size >= 256) this.#dropEmpty()
      list = new DeadlineList(this.#clock, durationMs)
      this.#lists.set(durationMs, list)
    }
    return list.add(kind, owner, nowMs)
  }

  /** Stops all timers; pending deadlines never fire, nor do later ones. */
  close(): void {
    this.#closed = true
    for (const list of this.#lists.values()) list.stop()
    this.#lists.clear()
  }

  #dropEmpty(): void {
    for (const [duration, list] of this.#lists) {
      if (!list.empty) continue
      list.stop()
      this.#lists.delete(duration)
    }
  }
}

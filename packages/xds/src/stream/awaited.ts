// Resources that were asked for and have not come: who is overdue. All wait equally long, so one background timer serves for all.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import { type StreamKind, STREAM_KINDS } from './kinds.ts'

export class Awaited {
  readonly #clock: Clock
  readonly #waitMs: number
  readonly #overdue: (kind: StreamKind, names: readonly string[]) => void
  /** When each is overdue; in the order of time. */
  readonly #names = new Map<StreamKind, Map<string, number>>(
    STREAM_KINDS.map((kind) => [kind, new Map<string, number>()]),
  )
  #timer: { readonly handle: TimerHandle } | undefined

  constructor(clock: Clock, waitMs: number, overdue: (kind: StreamKind, names: readonly string[]) => void) {
    this.#clock = clock
    this.#waitMs = waitMs
    this.#overdue = overdue
  }

  /** Nothing changes for one that is awaited already. */
  add(kind: StreamKind, name: string): void {
    const names = this.#of(kind)
    if (!names.has(name)) names.set(name, this.#clock.now() + this.#waitMs)
    this.#arm()
  }

  delete(kind: StreamKind, name: string): void {
    const names = this.#of(kind)
    if (names.delete(name) && names.size === 0 && this.#nextMs() === Infinity) this.#disarm()
  }

  clear(): void {
    for (const names of this.#names.values()) names.clear()
    this.#disarm()
  }

  #arm(): void {
    if (this.#timer !== undefined) return
    const atMs = this.#nextMs()
    if (atMs === Infinity) return
    const handle = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => this.#fire(), true)
    this.#timer = { handle }
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer.handle)
    this.#timer = undefined
  }

  #fire(): void {
    this.#timer = undefined
    // a clock may fire a hair early
    const nowMs = this.#clock.now() + 0.5
    for (const [kind, names] of this.#names) {
      const late: string[] = []
      for (const [name, atMs] of names) {
        if (atMs > nowMs) break
        late.push(name)
      }
      for (const name of late) names.delete(name)
      if (late.length > 0) this.#overdue(kind, late)
    }
    this.#arm()
  }

  /** When the first is overdue. */
  #nextMs(): number {
    let first = Infinity
    for (const names of this.#names.values()) {
      const { value } = names.values().next()
      if (value !== undefined) first = Math.min(first, value)
    }
    return first
  }

  #of(kind: StreamKind): Map<string, number> {
    return this.#names.get(kind)!
  }
}

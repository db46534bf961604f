// The timers of single resources: how long one that came is good. All are background timers: they keep no process alive.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import type { StreamKind } from './kinds.ts'

export class ResourceTimers {
  readonly #clock: Clock
  readonly #timers = new Map<string, TimerHandle>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(kind: StreamKind, name: string, delayMs: number, fire: () => void): void {
    const key = keyOf(kind, name)
    this.cancel(kind, name)
    const handle = this.#clock.setTimer(
      delayMs,
      () => {
        this.#timers.delete(key)
        fire()
      },
      true,
    )
    this.#timers.set(key, handle)
  }

  cancel(kind: StreamKind, name: string): void {
    // mostly there is none, and no key need be made
    if (this.#timers.size === 0) return
    const key = keyOf(kind, name)
    const handle = this.#timers.get(key)
    if (handle === undefined) return
    this.#clock.clearTimer(handle)
    this.#timers.delete(key)
  }

  cancelAll(): void {
    for (const handle of this.#timers.values()) this.#clock.clearTimer(handle)
    this.#timers.clear()
  }
}

function keyOf(kind: StreamKind, name: string): string {
  return `${kind} ${name}`
}

// The clock of one client process, whose event loop can be blocked: what comes due meanwhile happens afterwards,
// timers first, then what came over the network, as in Node's event loop.
import type { Clock, TimerHandle } from '@proxyless/core/spi'

/** After the timers of the same moment. */
const pollMs = 0.01

export class ClientClock implements Clock {
  readonly #world: Clock
  #blockedUntilMs = 0

  constructor(world: Clock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now()
  }

  wallNow(): number {
    return this.#world.wallNow()
  }

  setTimer(delayMs: number, fire: () => void, background: boolean): TimerHandle {
    const timer: { handle: TimerHandle } = { handle: undefined }
    const due = (): void => {
      const lateMs = this.#blockedUntilMs - this.now()
      if (lateMs > 0) timer.handle = this.#world.setTimer(lateMs, fire, background)
      else fire()
    }
    timer.handle = this.#world.setTimer(delayMs, due, background)
    return timer
  }

  clearTimer(timer: TimerHandle): void {
    this.#world.clearTimer((timer as { handle: TimerHandle } | undefined)?.handle)
  }

  /** Something comes in from outside. */
  arrive(deed: () => void): void {
    const lateMs = this.#blockedUntilMs - this.now()
    if (lateMs > 0) this.#world.setTimer(lateMs + pollMs, deed, true)
    else deed()
  }

  /** The process computes for so long and looks at nothing else. */
  block(ms: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.now() + ms)
  }
}

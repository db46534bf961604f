// How long the event loop was blocked, by a tick of its own that comes late when it was. Ticks only while somebody asks.
import type { Clock, EventLoop, TimerHandle } from '@proxyless/core/spi'

const tickMs = 20
/** Timers are as late as that without anything being wrong. */
const slackMs = 10
/** It stops when nobody has asked for so many ticks. */
const idleTicks = 250

export class EventLoopWatch implements EventLoop {
  readonly #clock: Clock
  #blockedMs = 0
  #expectedAtMs = 0
  #timer: TimerHandle = undefined
  #unasked = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  blockedMs(): number {
    this.#unasked = 0
    if (this.#timer === undefined) this.#wait()
    return this.#blockedMs + this.#late()
  }

  /** By how much the tick that is due has not come yet. */
  #late(): number {
    const lateMs = this.#clock.now() - this.#expectedAtMs
    return lateMs > slackMs ? lateMs : 0
  }

  #wait(): void {
    this.#expectedAtMs = this.#clock.now() + tickMs
    this.#timer = this.#clock.setTimer(tickMs, () => this.#tick(), true)
  }

  #tick(): void {
    this.#blockedMs += this.#late()
    this.#timer = undefined
    if (++this.#unasked < idleTicks) this.#wait()
  }
}

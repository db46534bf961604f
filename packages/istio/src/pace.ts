// Keeps long work from blocking the event loop: asks the clock, and rests between slices.
import type { Clock } from '@proxyless/core/spi'

const SLICE_MS = 4

export class Pace {
  readonly #clock: Clock
  readonly #pause: (() => Promise<void>) | undefined
  #until: number

  constructor(clock: Clock, pause: (() => Promise<void>) | undefined) {
    this.#clock = clock
    this.#pause = pause
    this.#until = clock.now() + SLICE_MS
  }

  /** True when it is time to let others run. */
  due(): boolean {
    return this.#pause !== undefined && this.#clock.now() >= this.#until
  }

  async rest(): Promise<void> {
    await this.#pause?.()
    this.#until = this.#clock.now() + SLICE_MS
  }
}

// Long work written as a generator: wherever it yields it may rest, so that a large configuration never blocks the event loop.
// A `Job` does it in slices of a few milliseconds, `whole` at once.
import type { Clock, Sliced } from '@proxyless/core/spi'

/** Yields after pieces of at most some ten microseconds. */
export type Piecewise<T> = Generator<undefined, T, undefined>

export function whole<T>(work: Piecewise<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

const stepMs = 0.5
/** Bounds a step also where time stands still. */
const stepPieces = 256

/** A generator's work for `Slices`; `then` gets its result. */
export class Job<T> implements Sliced {
  readonly #clock: Clock
  readonly #work: Piecewise<T>
  readonly #then: (result: T) => void

  constructor(clock: Clock, work: Piecewise<T>, then: (result: T) => void) {
    this.#clock = clock
    this.#work = work
    this.#then = then
  }

  step(): boolean {
    const until = this.#clock.now() + stepMs
    for (let piece = 0; piece < stepPieces; piece++) {
      const { done, value } = this.#work.next()
      if (done === true) {
        this.#then(value)
        return true
      }
      if (this.#clock.now() >= until) break
    }
    return false
  }
}

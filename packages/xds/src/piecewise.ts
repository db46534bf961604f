// Long work written as a generator: wherever it yields it may rest, so that a large configuration never blocks the event loop.
// A `Job` does it in slices of a few milliseconds, `whole` at once.
import { type Clock, type Sliced, Slices } from '@proxyless/core/spi'

/** Yields after pieces of at most some ten microseconds. */
export type Piecewise<T> = Generator<undefined, T, undefined>

export function whole<T>(work: Piecewise<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

const shared = new WeakMap<Clock, Slices>()

/** There is one event loop, so all sources and streams share their turns. */
export function slicesOf(clock: Clock): Slices {
  const known = shared.get(clock)
  if (known !== undefined) return known
  const slices = new Slices(clock)
  shared.set(clock, slices)
  return slices
}

const stepMs = 0.5
/** Bounds a step also where time stands still. */
const stepPieces = 256

/** A generator's work for `Slices`; `then` gets its result. */
export class Job<T> implements Sliced {
  readonly #clock: Clock
  readonly #work: Piecewise<T>
  readonly #then: (result: T) => void
  #result: { readonly value: T } | undefined

  constructor(clock: Clock, work: Piecewise<T>, then: (result: T) => void) {
    this.#clock = clock
    this.#work = work
    this.#then = then
  }

  step(): boolean {
    if (this.#result !== undefined) {
      // a step of its own: what follows may be long
      this.#then(this.#result.value)
      return true
    }
    const until = this.#clock.now() + stepMs
    for (let piece = 0; piece < stepPieces; piece++) {
      const { done, value } = this.#work.next()
      if (done === true) {
        this.#result = { value }
        return false
      }
      if (this.#clock.now() >= until) break
    }
    return false
  }
}

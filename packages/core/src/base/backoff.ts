// How long to wait before the next long stream (gRFC A57, A51): 1 s, then 1.6 times as long each time, at most 120 s, a fifth more or less.
import type { Random } from './random.ts'

const baseMs = 1000
const factor = 1.6
const maxMs = 120_000
const jitter = 0.2

export class Backoff {
  readonly #random: Random
  #failures = 0

  constructor(random: Random) {
    this.#random = random
  }

  nextMs(): number {
    const ms = Math.min(baseMs * factor ** this.#failures++, maxMs)
    return ms * (1 - jitter + 2 * jitter * (this.#random.uint32() / 2 ** 32))
  }

  reset(): void {
    this.#failures = 0
  }
}

// Chance comes in by the door: one seeded generator per mesh, so that every draw can be repeated.
// Not cryptographic. `fork` lets explain() foresee the draws of the next call without spending them.

/** Source of chance. */
export interface Random {
  /** Uniform unsigned 32-bit integer. */
  uint32(): number
  /** An independent generator that will yield the same numbers as this one from here on. */
  fork(): Random
}

/** Uniform integer in [0, bound). `bound` is a positive integer up to 2^32; by multiplication, no modulo bias to speak of. */
export function below(random: Random, bound: number): number {
  return Math.floor((random.uint32() / 0x1_0000_0000) * bound)
}

const million = 1_000_000

/** True `numerator` times of a million; what is certain needs no draw. */
export function chance({ numerator }: { readonly numerator: number }, random: Random): boolean {
  if (numerator <= 0) return false
  return numerator >= million || below(random, million) < numerator
}

/** xorshift128 generator; the same seed gives the same numbers on every platform. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /** @param seed any 32-bit integer */
  constructor(seed: number) {
    let state = seed >>> 0
    const next = (): number => {
      // splitmix32, so that small seeds differ in all bits
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) >>> 0
    }
    this.#a = next() | 0
    this.#b = next() | 0
    this.#c = next() | 0
    this.#d = next() | 1
  }

  uint32(): number {
    // the state is kept as signed integers, which cost no allocation
    let t = this.#a
    t ^= t << 11
    t ^= t >>> 8
    this.#a = this.#b
    this.#b = this.#c
    this.#c = this.#d
    const d = this.#d
    this.#d = d ^ (d >>> 19) ^ t
    return this.#d >>> 0
  }

  fork(): Random {
    const copy = new SeededRandom(0)
    copy.#a = this.#a
    copy.#b = this.#b
    copy.#c = this.#c
    copy.#d = this.#d
    return copy
  }
}

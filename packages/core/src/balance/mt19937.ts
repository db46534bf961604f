// The Mersenne Twister of C++'s std::mt19937, for what must draw as Envoy does. Not a source of chance: see base/random.
const size = 624
const middle = 397

export class Mt19937 {
  readonly #state = new Uint32Array(size)
  #at = 0

  /** Begins again, as if made with this 32-bit seed. */
  seed(seed: number): void {
    const state = this.#state
    state[0] = seed >>> 0
    for (let i = 1; i < size; i++) {
      const before = state[i - 1] ?? 0
      state[i] = (Math.imul(1_812_433_253, before ^ (before >>> 30)) + i) >>> 0
    }
    this.#at = 0
  }

  uint32(): number {
    const state = this.#state
    const at = this.#at
    const next = at + 1 === size ? 0 : at + 1
    // each word is renewed when it is drawn, not all at once: mostly few are drawn
    const y = ((state[at] ?? 0) & 0x8000_0000) | ((state[next] ?? 0) & 0x7fff_ffff)
    let word = (state[(at + middle) % size] ?? 0) ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908_b0df)
    state[at] = word
    this.#at = next
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c_5680
    word ^= (word << 15) & 0xefc6_0000
    return (word ^ (word >>> 18)) >>> 0
  }

  /** Uniform in [0, bound), drawn as Envoy's bounded loads draw it. */
  below(bound: number): number {
    const width = Math.floor(0x1_0000_0000 / bound)
    let drawn = bound
    while (drawn >= bound) drawn = Math.floor(this.uint32() / width)
    return drawn
  }
}

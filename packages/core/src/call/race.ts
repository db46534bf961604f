// Attempts of a hedged call that passed their per-try timeout and went on: the first good answer wins (Envoy
// hedge_on_per_try_timeout, SEMANTICS 5.7). Made by the call at the first of them; calls that do not hedge have none.
import type { Attempt } from './attempt.ts'

export class Race {
  readonly #late: Attempt[] = []
  readonly #hedged: Attempt[] = []

  /** Its timeout has passed and was counted. */
  late(attempt: Attempt): void {
    this.#late.push(attempt)
  }

  /** Another attempt is made beside it. */
  hedge(attempt: Attempt): void {
    this.#hedged.push(attempt)
  }

  isLate(attempt: Attempt): boolean {
    return this.#late.includes(attempt)
  }

  isHedged(attempt: Attempt): boolean {
    return this.#hedged.includes(attempt)
  }

  /** Those hedged that are under way, but for one. */
  others(than: Attempt | undefined): Attempt[] {
    return this.#hedged.filter((each) => each !== than && each.phase !== 'over')
  }
}

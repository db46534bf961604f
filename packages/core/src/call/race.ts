// Attempts of a hedged call that were not waited for any longer but may still win: the first good answer is taken (Envoy
// hedge_on_per_try_timeout, SEMANTICS 5.7). Made by the call at its first hedge; calls that do not hedge have none.
import type { Attempt } from './attempt.ts'

export class Race {
  readonly #attempts: Attempt[] = []

  join(attempt: Attempt): void {
    attempt.hedged = true
    this.#attempts.push(attempt)
  }

  /** Somebody else than this one may still answer. */
  hasOther(than: Attempt | undefined): boolean {
    return this.#attempts.some((each) => each !== than && each.phase !== 'over')
  }

  has(attempt: Attempt): boolean {
    return this.#attempts.includes(attempt)
  }

  /** Those under way but for one. */
  others(than: Attempt | undefined): Attempt[] {
    return this.#attempts.filter((each) => each !== than && each.phase !== 'over')
  }
}

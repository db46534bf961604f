// Weighted choice among clusters: one draw per call, kept for all its attempts (Envoy "weighted_clusters").
import { below, type Random } from '../base/random.ts'

export interface Weighted {
  readonly weight: number
}

/** One takes all, whatever its weight; several share by weight in list order; those of weight 0 get nothing. */
export class Split<T extends Weighted> {
  readonly choices: readonly T[]
  readonly #total: number

  constructor(choices: readonly T[]) {
    this.choices = choices.length > 1 ? choices.filter((choice) => choice.weight > 0) : choices
    this.#total = this.choices.reduce((sum, choice) => sum + choice.weight, 0)
  }

  /** undefined only when there is nothing to choose from. */
  pick(random: Random): T | undefined {
    if (this.choices.length < 2) return this.choices[0]
    let drawn = below(random, this.#total)
    for (const choice of this.choices) {
      if (drawn < choice.weight) return choice
      drawn -= choice.weight
    }
    return this.choices.at(-1)
  }

  /** Share (0..1) of a choice, for people. */
  share(choice: T): number {
    return this.choices.length < 2 ? 1 : choice.weight / this.#total
  }
}

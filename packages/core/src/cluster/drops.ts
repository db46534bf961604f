// Calls that a cluster does not take because its configuration says so (EDS drop_overloads), counted by category.
// Drawn once per call, before its first attempt; never retried.
import { chance, type Random } from '../base/random.ts'
import type { DropPolicy } from '../model/cluster.ts'

export interface Drop {
  readonly category: string
  /** No call of the category passes. */
  readonly always: boolean
}

export class Drops {
  policies: readonly DropPolicy[]
  /** Calls that were dropped, by category. */
  readonly counts: Map<string, number> = new Map()

  constructor(policies: readonly DropPolicy[]) {
    this.policies = policies
  }

  /** The first category whose dice fall so; undefined: the call goes on. */
  draw(random: Random): Drop | undefined {
    for (const { category, percent } of this.policies) {
      if (!chance(percent, random)) continue
      this.counts.set(category, (this.counts.get(category) ?? 0) + 1)
      return { category, always: percent.numerator >= 1_000_000 }
    }
    return undefined
  }
}

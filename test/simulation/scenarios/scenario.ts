// What a scenario is: a story, the policies it compares, and one run for each on the same seed.
import type { Figures } from '../engine/figures.ts'
import type { Policy } from '../engine/run.ts'

export interface Scenario {
  readonly name: string
  /** What happens, for people. */
  readonly story: string
  readonly policies: Readonly<Record<string, Policy>>
  /** How figures of its own are written; `percent` are shares of 1. */
  readonly units?: Readonly<Record<string, 'percent' | 'count' | 'ratio'>>
  readonly run: (policy: Policy) => Promise<Figures>
}

export const seed = 7

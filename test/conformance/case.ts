// One row of the conformance table.
import type { World } from './world.ts'

export interface Case {
  /** Id in SEMANTICS appendix A. */
  readonly id: string
  readonly says: string
  /** Asserts with vitest's expect. */
  readonly run: (world: World) => Promise<void>
}

export function row(id: string, says: string, run: Case['run']): Case {
  return { id, says, run }
}

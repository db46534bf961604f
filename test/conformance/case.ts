// One row of the conformance table.
import type { World } from './world.ts'

export interface Case {
  /** Id in SEMANTICS appendix A. */
  readonly id: string
  readonly says: string
  /** Asserts with vitest's expect. */
  readonly run: (world: World) => Promise<void>
  /** The issue that will make it pass; until then it must fail. */
  readonly later?: number
}

export function row(id: string, says: string, run: Case['run']): Case {
  return { id, says, run }
}

/** A row of a later issue: it fails now, and says so when it starts to pass. */
export function later(issue: number, id: string, says: string, run: Case['run']): Case {
  return { id, says, run, later: issue }
}

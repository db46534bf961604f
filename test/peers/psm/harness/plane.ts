// A control plane as scenarios see it.
import type { Given } from './given.ts'

export type PlaneName = 'go-control-plane' | 'proxyless serve'

export interface Plane {
  readonly name: PlaneName
  /** Where it speaks xDS. */
  readonly port: number
  /** From now on it says this to the node; servers that say they do not serve are left out, as a health checker would. */
  apply(node: string, given: Given): Promise<void>
  /** What clients have refused. */
  refusals(): Promise<readonly string[]>
  close(): Promise<void>
}

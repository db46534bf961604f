// How a traffic door of its own package finds the engine behind the mesh that an application holds.
import type { Mesh } from './mesh.ts'

/** One symbol for all copies of this package in a process. */
export const house: unique symbol = Symbol.for('proxyless.house')

/** What an application holds. */
export interface Housed {
  readonly [house]: Mesh
}

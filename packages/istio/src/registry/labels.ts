// The label test that subsets, selectors and source labels share.
import type { Labels } from '../schema/primitives.ts'

/** True when all of `wanted` are among `labels`. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  for (const key in wanted) if (labels[key] !== wanted[key]) return false
  return true
}

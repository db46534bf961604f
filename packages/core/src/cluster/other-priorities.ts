// Retries leave out the priorities that earlier attempts went to (Envoy previous_priorities, update frequency 2).
// Every second attempt those so far are left out; once nothing is left all are there again.
import type { Endpoint } from './endpoint.ts'
import { countsOf, type HostSet } from './host-set.ts'
import { loadsOf, type PriorityLoads } from './priority-load.ts'

const updateFrequency = 2

/** The loads for another attempt; undefined: nothing changes. */
export function otherPriorities(
  { sets, factor }: { readonly sets: readonly HostSet[]; readonly factor: number },
  tried: readonly Endpoint[],
): PriorityLoads | undefined {
  const counts = sets.map(countsOf)
  const without = new Set<number>()
  let loads: PriorityLoads | undefined
  for (let upTo = updateFrequency; upTo <= tried.length; upTo += updateFrequency) {
    for (const endpoint of tried.slice(upTo - updateFrequency, upTo)) {
      without.add(sets.findIndex((set) => set.priority === endpoint.model.priority))
    }
    loads = loadsOf(counts, factor, without)
    if (loads === undefined) {
      without.clear()
      loads = loadsOf(counts, factor)
    }
  }
  return loads
}

// Why an endpoint is not picked now, in words: its health, its priority, its locality, the aperture. For explain and status.
import type { Endpoint } from './endpoint.ts'
import { unfitnessOf } from './host-set.ts'
import { localityName } from './host-source.ts'
import type { Selection } from './selection.ts'

/** Answers for any endpoint of the selection; undefined: it may be picked. */
export function exclusionsOf(selection: Selection): (endpoint: Endpoint) => string | undefined {
  const sources = selection.sources()
  const reachable = new Set(sources.flatMap(({ hosts }) => hosts))
  const placesWith = (priority: number): boolean => sources.some((source) => source.priority === priority)
  return (endpoint) => {
    if (reachable.has(endpoint)) return undefined
    const unfit = unfitnessOf(endpoint)
    if (unfit !== undefined) return unfit
    const { priority, locality } = endpoint.model
    if (!placesWith(priority)) return `priority ${priority} gets no calls now`
    const here = sources.filter((source) => source.priority === priority && source.locality !== undefined)
    const name = localityName(locality)
    if (here.length > 0 && !here.some((source) => source.locality && localityName(source.locality) === name))
      return `locality ${name === '' ? 'unknown' : name} has no weight`
    if (selection.model.aperture !== undefined) return `outside of this process's ${selection.model.aperture.size}`
    return `${endpoint.health} hosts get no calls now`
  }
}

// The hosts of one priority by locality.
import type { Locality } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'
import { type HostSet, hostSetOf } from './host-set.ts'
import { localityName } from './host-source.ts'

export interface LocalityGroup extends HostSet {
  readonly locality: Locality
}

/** In the order in which localities are first met. */
export function localityGroupsOf({ priority, hosts }: HostSet): LocalityGroup[] {
  const groups = new Map<string, { readonly locality: Locality; readonly hosts: Endpoint[] }>()
  let last: { readonly locality: Locality; readonly hosts: Endpoint[] } | undefined
  for (const endpoint of hosts) {
    const { locality } = endpoint.model
    if (last === undefined || last.locality !== locality) {
      const name = localityName(locality)
      last = groups.get(name)
      if (last === undefined) {
        last = { locality, hosts: [] }
        groups.set(name, last)
      }
    }
    last.hosts.push(endpoint)
  }
  return Array.from(groups.values(), (group) => ({ locality: group.locality, ...hostSetOf(priority, group.hosts) }))
}

export function isSameLocality(a: Locality, b: Locality): boolean {
  return a.region === b.region && a.zone === b.zone && a.subzone === b.subzone
}

// The resources in force, sorted into their kinds, each kind oldest first.
import type { Kind, Resource } from '../documents/resource.ts'

export type ResourcesByKind = { readonly [K in Kind]: readonly Resource<K>[] }

export function groupByKind(resources: readonly Resource[]): ResourcesByKind {
  const groups: { [K in Kind]: Resource<K>[] } = {
    VirtualService: [],
    DestinationRule: [],
    ServiceEntry: [],
    WorkloadEntry: [],
    WorkloadGroup: [],
    Sidecar: [],
    Gateway: [],
    Service: [],
    EndpointSlice: [],
    MeshConfig: [],
  }
  for (const resource of resources) (groups[resource.kind] as Resource[]).push(resource)
  for (const list of Object.values(groups) as Resource[][]) sortByAge(list)
  return groups
}

/** By creationTimestamp, then name and namespace; documents without one come after, in the order they stand in. */
function sortByAge(list: Resource[]): void {
  if (list.every((resource) => resource.createdMs === undefined)) return
  list.sort((a, b) => {
    if (a.createdMs === undefined || b.createdMs === undefined) {
      return a.createdMs === b.createdMs ? 0 : a.createdMs === undefined ? 1 : -1
    }
    return a.createdMs - b.createdMs || compare(a.name, b.name) || compare(a.namespace, b.namespace)
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// What resolving reads: resources by kind and name, and whether the server has spoken of a kind at all.
import type { ClusterResource, EndpointsResource, ListenerResource, RouteResource } from '../decode/resources.ts'
import type { Kind, StreamKind } from '../stream/kinds.ts'
import type { Entry } from '../stream/store.ts'

export interface Cache {
  entry(kind: StreamKind, name: string): Entry | undefined
  entries(kind: StreamKind): ReadonlyMap<string, Entry>
  /** A response of this kind has come. */
  heard(kind: StreamKind): boolean
}

interface ResourceOf {
  readonly listener: ListenerResource
  readonly route: RouteResource
  readonly cluster: ClusterResource
  readonly endpoints: EndpointsResource
}

/** The last good resource. */
export function known<K extends Kind>(cache: Cache, kind: K, name: string): ResourceOf[K] | undefined {
  return cache.entry(kind, name)?.known?.value as ResourceOf[K] | undefined
}

/** There, or known not to come; false: worth waiting for. `all`: everything of this kind was asked for. */
export function isSettled(cache: Cache, kind: StreamKind, name: string, all: boolean): boolean {
  const entry = cache.entry(kind, name)
  if (entry === undefined) return all && cache.heard(kind)
  return entry.known !== undefined || entry.state !== 'requested'
}

export const WIRE_NAMES: Readonly<Record<StreamKind, string>> = {
  listener: 'Listener',
  route: 'RouteConfiguration',
  cluster: 'Cluster',
  endpoints: 'ClusterLoadAssignment',
  MeshConfig: 'MeshConfig',
  Sidecar: 'Sidecar',
  ServiceEntry: 'ServiceEntry',
  WorkloadEntry: 'WorkloadEntry',
  DestinationRule: 'DestinationRule',
  VirtualService: 'VirtualService',
}

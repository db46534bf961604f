// A large world as a decoder would leave it: equal labels and localities shared, every other object its own.
import type { Cluster, Endpoint, MeshConfig, VirtualHost } from '@proxyless/core/spi'
import { endpoint, forwardTo, prefixRoute, reviewsCluster, worldOf } from './reviews.ts'

export interface Extent {
  readonly clusters: number
  /** Of each cluster. */
  readonly endpoints: number
  readonly virtualHosts: number
}

export const large: Extent = { clusters: 10_000, endpoints: 10, virtualHosts: 10_000 }

export function largeConfig({ clusters, endpoints, virtualHosts }: Extent): MeshConfig {
  return worldOf(
    Array.from({ length: virtualHosts }, (_, i) => virtualHost(i)),
    Array.from({ length: clusters }, (_, i) => reviewsCluster(clusterName(i), manyEndpoints(i * endpoints, endpoints))),
  )
}

export function clusterName(i: number): string {
  return `outbound|9080||service-${i}.shop.svc.cluster.local`
}

/** Endpoints number `first` and following; every number has an address of its own. */
export function manyEndpoints(first: number, count: number): Endpoint[] {
  return Array.from({ length: count }, (_, i) => endpoint(addressOf(first + i), 9_080))
}

function addressOf(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
}

/** The same world, but the first endpoint of a cluster has become number `replaced`. */
export function withOneChange(config: MeshConfig, name: string, replaced: number): MeshConfig {
  const before = config.clusters.get(name) as Cluster
  const { discovery } = before
  if (discovery.kind !== 'static') throw new Error(`${name} is not static`)
  const endpoints = [...manyEndpoints(replaced, 1), ...discovery.endpoints.slice(1)]
  const clusters = new Map(config.clusters).set(name, { ...before, discovery: { kind: 'static', endpoints } })
  return { ...config, version: `${replaced}`, clusters }
}

/** Three routes, and the domains by which Istio's services are called. */
function virtualHost(i: number): VirtualHost {
  const short = `service-${i}.shop`
  const host = `${short}.svc.cluster.local`
  const action = forwardTo(clusterName(i))
  return {
    name: `${host}:9080`,
    domains: [host, `${host}.`, `${short}.svc`, short],
    port: 9_080,
    routes: ['/api/v2/', '/api/', '/'].map((prefix) => prefixRoute(prefix, action)),
    origin: { resource: `VirtualService shop/service-${i}`, path: '' },
  }
}

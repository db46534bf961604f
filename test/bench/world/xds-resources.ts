// The large world as a control plane says it: Istio's resources, as istiod sends them to a sidecar; and one wide cluster by gRPC's rules.
import { any, encode, type Fields, type Value } from './wire.ts'

export const types = {
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'envoy.config.listener.v3.Listener',
  route: 'envoy.config.route.v3.RouteConfiguration',
} as const

export type Type = keyof typeof types

export interface Resource {
  readonly name: string
  readonly bytes: Buffer
}

export interface XdsWorld {
  readonly clusters: number
  /** Of each cluster. */
  readonly endpoints: number
}

export const wide = 'wide'

const ads: Fields = { 3: {}, 6: 2 }
const port = 9_080

export function clusterName(i: number): string {
  return `outbound|${port}||service-${i}.shop.svc.cluster.local`
}

export function resourcesOf(type: Type, { clusters, endpoints }: XdsWorld): Resource[] {
  switch (type) {
    case 'cluster':
      return times(clusters, (i) => cluster(clusterName(i)))
    case 'endpoints':
      return times(clusters, (i) => assignment(clusterName(i), i * endpoints, endpoints))
    case 'listener':
      return [sidecarListener()]
    case 'route':
      return [routesFor(clusters)]
  }
}

/** Endpoints number `first` and following; every number has an address of its own. */
export function assignment(name: string, first: number, count: number): Resource {
  const endpoints = times(count, (i): Value => ({
    1: { 1: { 1: { 2: addressOf(first + i), 3: port } } },
    3: workload,
    4: { 1: 1 },
  }))
  const group = { 1: { 1: 'r1', 2: 'z1' }, 2: endpoints, 3: { 1: count } }
  return { name, bytes: encode({ 1: name, 2: group }) }
}

/** What is asked for a name by gRPC's rules: a listener with routes, a cluster, its endpoints. */
export function wideResources(type: Type, endpoints: number): Resource[] {
  switch (type) {
    case 'cluster':
      return [{ name: wide, bytes: encode({ 1: wide, 2: 3, 3: { 1: ads } }) }]
    case 'endpoints':
      return [assignment(wide, 0, endpoints)]
    case 'listener':
      return [{ name: wide, bytes: encode({ 1: wide, 19: { 1: any(managerType, manager([router])) } }) }]
    case 'route':
      return [{ name: `${port}`, bytes: encode({ 1: `${port}`, 2: { 1: wide, 2: wide, 3: route('/', wide) } }) }]
  }
}

const workload: Fields = {
  1: [
    { 1: 'envoy.transport_socket_match', 2: { 1: { 1: 'tlsMode', 2: { 3: 'istio' } } } },
    { 1: 'istio', 2: { 1: { 1: 'workload', 2: { 3: 'reviews-v1;shop;reviews;v1;Kubernetes' } } } },
  ],
}

export function addressOf(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
}

const unlimited = { 1: 4_294_967_295 }
const http2 = any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', { 3: { 2: {} } })

function cluster(name: string): Resource {
  const host = name.slice(name.lastIndexOf('|') + 1)
  const bytes = encode({
    1: name,
    28: `${name};`,
    2: 3,
    3: { 1: ads, 2: name },
    4: { 1: 10 },
    6: 1,
    10: { 1: { 2: unlimited, 3: unlimited, 4: unlimited, 5: unlimited } },
    36: { 1: 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions', 2: http2 },
    27: { 1: {} },
    19: { 1: { 1: 5 }, 2: { 1: 10 }, 3: { 1: 30 }, 4: { 1: 10 } },
    25: {
      1: { 1: 'istio', 2: { 1: { 1: 'services', 2: { 6: { 1: { 5: { 1: { 1: 'host', 2: { 3: host } } } } } } } } },
    },
  })
  return { name, bytes }
}

const managerType = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const router: Fields = {
  1: 'envoy.filters.http.router',
  4: any('envoy.extensions.filters.http.router.v3.Router', {}),
}
const fault: Fields = {
  1: 'envoy.filters.http.fault',
  4: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {}),
}

function manager(filters: readonly Fields[]): Fields {
  return { 2: 'outbound', 3: { 1: ads, 2: `${port}` }, 5: filters }
}

function sidecarListener(): Resource {
  const filter = {
    1: 'envoy.filters.network.http_connection_manager',
    4: any(managerType, manager([fault, router])),
  }
  const name = `0.0.0.0_${port}`
  return { name, bytes: encode({ 1: name, 2: { 1: { 2: '0.0.0.0', 3: port } }, 3: { 3: filter }, 16: 2 }) }
}

function routesFor(clusters: number): Resource {
  const hosts = times(clusters, (i) => {
    const short = `service-${i}.shop`
    const host = `${short}.svc.cluster.local`
    return {
      1: `${host}:${port}`,
      2: [host, `${host}.`, `${short}.svc`, short],
      3: ['/api/v2/', '/api/', '/'].map((prefix) => route(prefix, clusterName(i))),
    }
  })
  return { name: `${port}`, bytes: encode({ 1: `${port}`, 2: hosts }) }
}

function route(prefix: string, to: string): Fields {
  const retries = { 1: 'connect-failure,refused-stream,unavailable', 2: { 1: 2 } }
  return { 14: 'default', 1: { 1: prefix }, 2: { 1: to, 8: {}, 9: retries } }
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

// What the control plane serves in these suites: the host reviews:80, routed to one of some clusters of one backend each.
import type { Snapshot } from './server.ts'

export const node = 'peer-node'
const ads = { ads: {}, resource_api_version: 'V3' }
const any = (type: string, value: object): object => ({ '@type': `type.googleapis.com/${type}`, ...value })
const router = { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }

export function world(
  version: string,
  ports: Readonly<Record<string, number>>,
  to: string,
  more: Partial<Snapshot> = {},
): Snapshot {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'x',
    rds: { route_config_name: 'routes', config_source: ads },
    http_filters: [router],
  })
  return {
    version,
    listeners: [{ name: 'reviews:80', api_listener: { api_listener: manager } }],
    routes: [
      {
        name: 'routes',
        virtual_hosts: [
          { name: 'reviews', domains: ['reviews'], routes: [{ match: { prefix: '/' }, route: { cluster: to } }] },
        ],
      },
    ],
    clusters: Object.keys(ports).map((name) => clusterNamed(name)),
    endpoints: Object.entries(ports).map(([cluster_name, port_value]) => ({
      cluster_name,
      endpoints: [
        {
          locality: { zone: 'z' },
          load_balancing_weight: 1,
          lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } } }],
        },
      ],
    })),
    ...more,
  }
}

/** The same, with the listener on a socket and the connection manager in its filter chain. */
export function sidecarWorld(version: string, ports: Readonly<Record<string, number>>, to: string): Snapshot {
  const { listeners, ...rest } = world(version, ports, to)
  const [api] = listeners as readonly { api_listener: { api_listener: object } }[]
  const filter = { name: 'http', typed_config: api?.api_listener.api_listener }
  const address = { socket_address: { address: '0.0.0.0', port_value: 80 } }
  const listener = {
    name: '0.0.0.0_80',
    address,
    traffic_direction: 'OUTBOUND',
    filter_chains: [{ filters: [filter] }],
  }
  return { ...rest, listeners: [listener] }
}

export function clusterNamed(name: string, more: object = {}): object {
  return { name, type: 'EDS', eds_cluster_config: { eds_config: ads }, ...more }
}

// go-control-plane says what a scenario gives, as a snapshot of xDS resources.
import { ControlPlane, type Snapshot } from '../../go-control-plane/server.ts'
import { called, calledPort, type Given, type Group, home } from './given.ts'
import type { Plane } from './plane.ts'
import type { TestServer } from './test-server.ts'

const ads = { ads: {}, resource_api_version: 'V3' }
const any = (type: string, value: object = {}): object => ({ '@type': `type.googleapis.com/${type}`, ...value })
const filters = [
  { name: 'envoy.filters.http.fault', typed_config: any('envoy.extensions.filters.http.fault.v3.HTTPFault') },
  { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router') },
]

export class GoPlane implements Plane {
  readonly name = 'go-control-plane'
  readonly #plane: ControlPlane
  #version = 0

  private constructor(plane: ControlPlane) {
    this.#plane = plane
  }

  static async start(binary: string): Promise<GoPlane> {
    return new GoPlane(await ControlPlane.start(binary))
  }

  get port(): number {
    return this.#plane.port
  }

  async apply(node: string, given: Given): Promise<void> {
    await this.#plane.serve(node, await snapshotOf(given, String(++this.#version)))
  }

  /** What no scenario says of clusters and routes alone. */
  async say(node: string, resources: Omit<Snapshot, 'version'>): Promise<void> {
    await this.#plane.serve(node, { version: String(++this.#version), ...resources })
  }

  async refusals(): Promise<readonly string[]> {
    return (await this.#plane.stats()).errors ?? []
  }

  close(): Promise<void> {
    return this.#plane.stop()
  }
}

async function snapshotOf({ services, xds = {} }: Given, version: string): Promise<Snapshot> {
  const name = xds.routeConfig ?? 'routes'
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'x',
    rds: { route_config_name: name, config_source: ads },
    http_filters: filters,
  })
  const routes = [...(xds.routes ?? []), ...(xds.only === true ? [] : [routeTo(called)])]
  const names = Object.keys(services)
  return {
    version,
    listeners: [{ name: xds.listener ?? `${called}:${calledPort}`, api_listener: { api_listener: manager } }],
    routes: [{ name, virtual_hosts: [{ name: called, domains: ['*'], routes }] }],
    clusters: names.map((each) => ({
      name: each,
      type: 'EDS',
      eds_cluster_config: { eds_config: ads },
      ...xds.clusters?.[each],
    })),
    endpoints: await Promise.all(
      names.map(async (each) => ({
        cluster_name: each,
        endpoints: await Promise.all((services[each] ?? []).map(localityOf)),
      })),
    ),
  }
}

/** All paths; where a route says nothing else. */
function routeTo(cluster: string): object {
  return { match: { prefix: '' }, route: { cluster } }
}

async function localityOf({ servers, locality = home, priority = 0, weight = 1 }: Group): Promise<object> {
  const [region, zone] = locality.split('/')
  const endpoints = await Promise.all(
    servers.map(async (server) => ((await server.isServing()) ? [endpointOf(server)] : [])),
  )
  return { locality: { region, zone }, priority, load_balancing_weight: weight, lb_endpoints: endpoints.flat() }
}

function endpointOf({ addresses, port }: TestServer): object {
  const [address, ...more] = addresses.map((each) => ({ socket_address: { address: each, port_value: port } }))
  return { endpoint: { address, additional_addresses: more.map((each) => ({ address: each })) } }
}

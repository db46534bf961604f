// What a client's configuration, as CSDS tells it, has of this and that.
import type { ClientConfig } from './interop-client.ts'

type Kind = 'Listener' | 'RouteConfiguration' | 'Cluster' | 'ClusterLoadAssignment'

/** Resources of a kind that are in force, by name. */
export function resourcesOf({ generic_xds_configs = [] }: ClientConfig, kind: Kind): ReadonlyMap<string, unknown> {
  const found = generic_xds_configs.filter(
    ({ type_url, client_status }) => type_url.endsWith(`.${kind}`) && client_status === 'ACKED',
  )
  return new Map(found.map(({ name, xds_config }) => [name, xds_config]))
}

/** Of the first virtual host. */
export function routesOf(config: ClientConfig): readonly unknown[] {
  const [first] = resourcesOf(config, 'RouteConfiguration').values()
  const { virtual_hosts = [] } = (first ?? {}) as { virtual_hosts?: readonly { routes: readonly unknown[] }[] }
  return virtual_hosts[0]?.routes ?? []
}

/** Of a service. */
export function endpointsOf(config: ClientConfig, service: string): readonly unknown[] {
  const all = [...resourcesOf(config, 'ClusterLoadAssignment')]
  const [, found] = all.find(([name]) => name === service || name.includes(`||${service}.`)) ?? []
  const { endpoints = [] } = (found ?? {}) as { endpoints?: readonly { lb_endpoints?: readonly unknown[] }[] }
  return endpoints.flatMap(({ lb_endpoints = [] }) => lb_endpoints)
}

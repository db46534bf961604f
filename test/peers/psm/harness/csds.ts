// What a client's configuration, as CSDS tells it, has of this and that.
import type { ClientConfig } from './interop-client.ts'

type Kind = 'Listener' | 'RouteConfiguration' | 'Cluster' | 'ClusterLoadAssignment'

/** Resources of a kind that are in force, by name. */
export function resourcesOf({ genericXdsConfigs = [] }: ClientConfig, kind: Kind): ReadonlyMap<string, unknown> {
  const found = genericXdsConfigs.filter(
    ({ typeUrl, clientStatus }) => typeUrl.endsWith(`.${kind}`) && clientStatus === 'ACKED',
  )
  return new Map(found.map(({ name, xdsConfig }) => [name, xdsConfig]))
}

/** Of the first virtual host. */
export function routesOf(config: ClientConfig): readonly unknown[] {
  const [first] = resourcesOf(config, 'RouteConfiguration').values()
  const { virtualHosts = [] } = (first ?? {}) as { virtualHosts?: readonly { routes: readonly unknown[] }[] }
  return virtualHosts[0]?.routes ?? []
}

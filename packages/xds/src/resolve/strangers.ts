// What becomes of unknown hosts. A sidecar's virtual hosts for all other names say it; they are no hosts of the engine's.
import type { Cluster, MeshConfig, Origin, UnknownHosts, VirtualHost } from '@proxyless/core/spi'

export interface Strangers {
  readonly virtualHosts: readonly VirtualHost[]
  readonly unknownHosts: UnknownHosts
  /** Clusters that were asked how they find their endpoints. */
  readonly asked: ReadonlySet<string>
}

interface Saying {
  readonly server: string
  /** Other hosts are asked for when they are called. */
  readonly onDemand: boolean
  /** A listener says it itself. */
  readonly said: UnknownHosts | undefined
}

export function strangersOf(
  hosts: readonly VirtualHost[],
  clusters: MeshConfig['clusters'],
  { server, onDemand, said }: Saying,
): Strangers {
  const origin: Origin = { resource: 'built-in default', path: '', source: server }
  const asked = new Set<string>()
  if (onDemand) return { virtualHosts: hosts, unknownHosts: { kind: 'ask', origin }, asked }
  if (said !== undefined) return { virtualHosts: hosts, unknownHosts: said, asked }
  let unknownHosts: UnknownHosts = { kind: 'passthrough', origin }
  const virtualHosts = hosts.filter((host) => {
    const [route] = host.routes
    if (host.domains.length !== 1 || host.domains[0] !== '*' || host.routes.length !== 1) return true
    const action = route?.action
    if (action?.kind === 'directResponse' && action.status === 502) {
      unknownHosts = { kind: 'block', origin: host.origin }
      return false
    }
    const [only] = action?.kind === 'forward' ? action.clusters : []
    if (only === undefined) return true
    asked.add(only.cluster)
    return clusterKind(clusters.get(only.cluster)) !== 'originalDestination'
  })
  return { virtualHosts, unknownHosts, asked }
}

function clusterKind(cluster: Cluster | undefined): string | undefined {
  return cluster?.discovery.kind
}

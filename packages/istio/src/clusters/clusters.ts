// All clusters of this client: every visible port of every service, and every subset of it.
import type { Cluster } from '@proxyless/core/spi'
import type { Pace } from '../pace.ts'
import type { MeshService, ServicePort } from '../registry/service.ts'
import type { World } from '../world/world.ts'
import { passthroughCluster, podClusterHost, translateCluster } from './cluster.ts'
import type { Rule } from './destination-rules.ts'

export async function buildClusters(world: World, pace: Pace): Promise<Map<string, Cluster>> {
  const clusters = new Map<string, Cluster>()
  const passthrough = passthroughCluster(world)
  clusters.set(passthrough.name, passthrough)
  for (const service of world.services.all()) {
    const rule = world.rules.find(service.host, service.namespace)
    // A rule that asks for a security that is not there closes its host: no cluster, so calls get 503, never plain text.
    if (rule?.failClosed === true) continue
    for (const port of world.services.portsOf(service)) {
      if (port.protocol !== 'udp')
        for (const cluster of clustersOf(world, service, port, rule)) clusters.set(cluster.name, cluster)
    }
    if (pace.due()) await pace.rest()
  }
  return clusters
}

function* clustersOf(
  world: World,
  service: MeshService,
  port: ServicePort,
  rule: Rule | undefined,
): Generator<Cluster> {
  yield translateCluster(world, service, port, rule, undefined)
  for (const subset of rule?.subsets.values() ?? []) yield translateCluster(world, service, port, rule, subset)
  if (!service.headless) return
  const pods = { ...service, host: podClusterHost(service) }
  yield translateCluster(world, pods, { ...port, discovery: { kind: 'originalDestination' } }, rule, undefined)
}

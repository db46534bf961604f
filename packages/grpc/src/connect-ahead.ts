// Connects before the first call: to an endpoint of the cluster that calls of a channel would go to, had they no path of their own.
import { connectivityState } from '@grpc/grpc-js'
import type { MeshChannel } from './mesh-channel.ts'

export function connectAhead(channel: MeshChannel): void {
  const begin = (): void => connect(channel)
  // a start that has failed may have been made good since
  channel.mesh.ready().then(begin, begin)
}

function connect(channel: MeshChannel): void {
  const { mesh, host, lane, transport, connectivity } = channel
  if (connectivity.state === connectivityState.SHUTDOWN) return
  if (mesh.closed || mesh.configuration().appliedAtMs === null) return connectivity.notConnected()
  const cluster = mesh.cluster(clusterOf(channel) ?? '')
  if (cluster === undefined) return connectivity.notConnected()
  cluster.whenReady(() => {
    const endpoint =
      cluster.model.discovery.kind === 'originalDestination'
        ? cluster.endpointAt(host.hostname, host.port)
        : cluster.pick({ tried: [], avoidTried: false, otherPriorities: false, hashKey: undefined })
    if (endpoint === undefined || mesh.closed) return connectivity.notConnected()
    transport.poolAt(cluster, endpoint).connectAhead(lane, host.authority, connectivity)
  })
}

/** Of the last route that leads anywhere: mostly the one for all that no other route takes. */
function clusterOf({ mesh, host, lane }: MeshChannel): string | undefined {
  const view = {
    ...host,
    scheme: lane.secure ? ('https' as const) : ('http' as const),
    method: 'POST',
    target: '/',
    headerBits: 0,
    header: () => undefined,
  }
  const model = mesh.snapshot.hostOf(view)?.model
  if (model === undefined) return mesh.snapshot.unknownHost?.action.clusters[0]?.cluster
  for (const { action } of model.routes.toReversed()) if (action.kind === 'forward') return action.clusters[0]?.cluster
  return undefined
}

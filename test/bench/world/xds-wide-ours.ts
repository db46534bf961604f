// A process with a mesh that uses the wide cluster: its longest block while the cluster gets as many endpoints as it is told.
import type { MeshConfig } from '@proxyless/core/spi'
import { watched } from '../harness/event-loop.ts'
import { wide } from './xds-resources.ts'
import { xdsMesh } from './xds-mesh.ts'

const [, , server = '', endpoints] = process.argv
const client = xdsMesh(server, { hosts: [wide] })
await client.until((config) => endpointsOf(config) > 0)
client.mesh.cluster(wide)
process.send?.('ready')
const { longestBlockMs } = await watched(() => client.until((config) => endpointsOf(config) === Number(endpoints)))
process.send?.(longestBlockMs)
process.on('disconnect', () => process.exit())

function endpointsOf({ clusters }: MeshConfig): number {
  const discovery = clusters.get(wide)?.discovery
  return discovery?.kind === 'static' ? discovery.endpoints.length : 0
}

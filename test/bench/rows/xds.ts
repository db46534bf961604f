// The rows `xds`: what bytes on the wire cost until they are in force. Each in a process that has done nothing before.
import type { MeshConfig } from '@proxyless/core/spi'
import type { Bench } from '../harness/bench.ts'
import { watched } from '../harness/event-loop.ts'
import { peakHeap } from '../harness/heap.ts'
import { clusterName, type XdsWorld } from '../world/xds-resources.ts'
import { controlPlane, xdsMesh } from '../world/xds-mesh.ts'

const world: XdsWorld = { clusters: 10_000, endpoints: 10 }

const protocol = 'delta'

/** Clusters, endpoints and virtual hosts by ADS, until all are in force. */
const arrival: Bench = {
  name: 'xds',
  runs: 3,
  flags: [],
  async measure() {
    const plane = await controlPlane(world)
    const before = process.cpuUsage()
    const peak = await peakHeap(async () => {
      const client = xdsMesh(plane.address, { protocol })
      await client.until(isWhole)
      await client.mesh.close()
    })
    const { user, system } = process.cpuUsage(before)
    plane.stop()
    return [
      { name: 'xds', unit: 'ms CPU', ours: (user + system) / 1_000, ci: 0, target: 5_000 },
      { name: 'xds peak', unit: 'MB heap', ours: peak / 1e6, ci: 0, target: 400 },
    ]
  },
}

/** The same, watched. */
const block: Bench = {
  name: 'xds block',
  runs: 3,
  flags: [],
  async measure() {
    const plane = await controlPlane(world)
    const { longestBlockMs } = await watched(async () => {
      const client = xdsMesh(plane.address, { protocol })
      await client.until(isWhole)
      await client.mesh.close()
    })
    plane.stop()
    return [{ name: 'xds block', unit: 'ms longest', ours: longestBlockMs, ci: 0, target: 25 }]
  },
}

function isWhole({ clusters, virtualHosts }: MeshConfig): boolean {
  if (clusters.size < world.clusters || virtualHosts.length < world.clusters) return false
  return [0, world.clusters - 1].every((i) => {
    const discovery = clusters.get(clusterName(i))?.discovery
    return discovery?.kind === 'static' && discovery.endpoints.length === world.endpoints
  })
}

export const xdsBenches: readonly Bench[] = [arrival, block]

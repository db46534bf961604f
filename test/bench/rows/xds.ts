// The rows `xds`: what bytes on the wire cost until they are in force. Each in a process that has done nothing before.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Cluster, MeshConfig } from '@proxyless/core/spi'
import type { Bench } from '../harness/bench.ts'
import { watched } from '../harness/event-loop.ts'
import { peakHeap } from '../harness/heap.ts'
import { forkModule } from '../harness/processes.ts'
import { halfInterval, median } from '../harness/statistics.ts'
import type { Imported } from '../world/import-cost.ts'
import { addressOf, clusterName, wide, type XdsWorld } from '../world/xds-resources.ts'
import { type ControlPlane, controlPlane, xdsMesh } from '../world/xds-mesh.ts'

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
    const { result, longestBlockMs } = await watched(async () => {
      const client = xdsMesh(plane.address, { protocol })
      await client.until(isWhole)
      return client
    })
    await result.mesh.close()
    plane.stop()
    return [{ name: 'xds block', unit: 'ms longest', ours: longestBlockMs, ci: 0, target: 25 }]
  },
}

const inUse = 100
const changes = 200
const farAway = 1_000_000

/** One endpoint of a cluster in use has another address: what it costs this process from the bytes until the answer is sent. */
const change: Bench = {
  name: 'xds change',
  runs: 1,
  flags: [],
  async measure() {
    const plane = await controlPlane(world)
    const client = xdsMesh(plane.address, { protocol })
    await client.until(isWhole)
    for (let i = 0; i < inUse; i++) client.mesh.cluster(clusterName(i))
    const times: number[] = []
    for (let i = -changes; i < changes; i++) {
      const before = process.cpuUsage()
      const first = farAway + i
      plane.change({ cluster: clusterName(0), first, endpoints: world.endpoints })
      await client.until(({ clusters }) => firstAddress(clusters.get(clusterName(0))) === addressOf(first))
      await new Promise(setImmediate)
      const { user, system } = process.cpuUsage(before)
      if (i >= 0) times.push(user + system)
    }
    await client.mesh.close()
    plane.stop()
    const ours = median(times)
    return [{ name: 'xds change', unit: 'us CPU', ours, ci: halfInterval(times), target: 1_000 }]
  },
}

const wideEndpoints = 10_000

/** An assignment of ten thousand endpoints, to a cluster in use here, and to a watcher there. */
const wideBlock: Bench = {
  name: 'xds wide',
  runs: 3,
  flags: [],
  async measure() {
    const plane = await controlPlane({ ...world, wide: world.endpoints })
    const ours = await wideBlockOf('world/xds-wide-ours.js', plane)
    const base = await wideBlockOf('world/xds-wide-theirs.js', plane)
    plane.stop()
    return [{ name: 'xds wide block', unit: 'ms longest', ours, base, ci: 0, target: 25, note: 'grpc-js-xds' }]
  },
}

/** Each in a process of its own, that tells when it is ready and at the end its longest block. */
async function wideBlockOf(module: string, plane: ControlPlane): Promise<number> {
  plane.change({ cluster: wide, first: 0, endpoints: world.endpoints })
  const { child } = await forkModule(module, [plane.address, `${wideEndpoints}`])
  const block = new Promise<number>((resolve) => child.once('message', (message) => resolve(message as number)))
  plane.change({ cluster: wide, first: farAway, endpoints: wideEndpoints })
  const longestBlockMs = await block
  child.kill()
  return longestBlockMs
}

const packageDir = fileURLToPath(new URL('../../../../../packages/xds/', import.meta.url))

/** What importing the package, as it is packed, costs an application that has grpc-js already. */
const importing: Bench = {
  name: 'xds import',
  runs: 5,
  flags: [],
  async measure() {
    const packed = mkdtempSync(join(packageDir, '.bundle-'))
    spawnSync(process.execPath, [join(packageDir, 'scripts/bundle.mjs'), packed], { stdio: ['ignore', 2, 2] })
    const { first: bare } = await forkModule<Imported>('world/import-cost.js', ['@grpc/grpc-js'])
    const { first: both } = await forkModule<Imported>('world/import-cost.js', [
      '@grpc/grpc-js',
      pathToFileURL(join(packed, 'index.js')).href,
    ])
    rmSync(packed, { recursive: true })
    const heap = (both.heap - bare.heap) / 1e6
    return [
      { name: 'xds import', unit: 'ms CPU more', ours: both.ms - bare.ms, base: bare.ms, ci: 0, target: 100 },
      { name: 'xds import heap', unit: 'MB more', ours: heap, base: bare.heap / 1e6, ci: 0, target: 15 },
    ]
  },
}

function isWhole({ clusters, virtualHosts }: MeshConfig): boolean {
  if (clusters.size < world.clusters || virtualHosts.length < world.clusters) return false
  return [0, world.clusters - 1].every((i) => {
    const discovery = clusters.get(clusterName(i))?.discovery
    return discovery?.kind === 'static' && discovery.endpoints.length === world.endpoints
  })
}

function firstAddress(cluster: Cluster | undefined): string | undefined {
  return cluster?.discovery.kind === 'static' ? cluster.discovery.endpoints[0]?.address : undefined
}

export const xdsBenches: readonly Bench[] = [arrival, block, change, wideBlock, importing]

// The row `apply change`: another address for one endpoint of a cluster in use, until the change is in force, in the
// large world; a hundred clusters are in use, as by a busy client.
import type { ConfigSink, MeshConfig } from '@proxyless/core/spi'
import type { Bench, Sample } from '../harness/bench.ts'
import { halfInterval, median } from '../harness/statistics.ts'
import { clusterName, large, largeConfig, manyEndpoints, withOneChange } from '../world/many.ts'
import { reviewsCluster } from '../world/reviews.ts'
import { stubHouse } from '../world/stub-house.ts'

const inUse = 100
const wide = 'wide'
const wideEndpoints = 10_000

interface Case {
  readonly name: string
  readonly cluster: string
  readonly changes: number
  readonly targetUs: number
}

const cases: readonly Case[] = [
  { name: 'apply change, 10', cluster: clusterName(0), changes: 300, targetUs: 100 },
  { name: 'apply change, 10k', cluster: wide, changes: 60, targetUs: 5_000 },
]

export const changeBench: Bench = {
  name: 'apply change',
  runs: 1,
  flags: [],
  async measure() {
    const world = largeConfig(large)
    const wideCluster = reviewsCluster(wide, manyEndpoints(1_000_000, wideEndpoints))
    const config = { ...world, clusters: new Map(world.clusters).set(wide, wideCluster) }
    const { mesh } = await stubHouse(config)
    for (let i = 0; i < inUse; i++) mesh.cluster(clusterName(i))
    mesh.cluster(wide)
    const samples: Sample[] = []
    for (const { name, cluster, changes, targetUs } of cases) {
      const times = await timesOf(mesh, config, cluster, changes)
      samples.push({ name, unit: 'us', ours: median(times), ci: halfInterval(times), target: targetUs })
    }
    await mesh.close()
    return samples
  },
}

/** Microseconds of every change, after as many to warm up. */
async function timesOf(sink: ConfigSink, config: MeshConfig, cluster: string, changes: number): Promise<number[]> {
  const times: number[] = []
  for (let i = -changes; i < changes; i++) {
    const next = withOneChange(config, cluster, 2_000_000 + changes + i)
    const start = performance.now()
    sink.config(next)
    // the mesh applies in a microtask, which comes before this one
    await Promise.resolve()
    if (i >= 0) times.push((performance.now() - start) * 1_000)
  }
  return times
}

// The row `apply heap`: what a large configuration in force keeps of the heap, and what each of its endpoints does:
// the difference to the same world with one endpoint in a cluster. Again with every cluster in use.
import type { Bench, Sample } from '../harness/bench.ts'
import { heapAfterCollection } from '../harness/heap.ts'
import { type Extent, large, largeConfig } from '../world/many.ts'
import { stubHouse, useAll } from '../world/stub-house.ts'

interface Kept {
  readonly inForce: number
  readonly inUse: number
}

export const heapBench: Bench = {
  name: 'apply heap',
  runs: 1,
  flags: ['--expose-gc'],
  async measure() {
    const narrow = await keptBy({ ...large, endpoints: 1 })
    const whole = await keptBy(large)
    const more = large.clusters * (large.endpoints - 1)
    return (['inForce', 'inUse'] as const).flatMap((state): Sample[] => {
      const name = state === 'inForce' ? 'apply heap' : 'apply heap, all used'
      return [
        { name, unit: 'MB', ours: whole[state] / 1e6, target: 80, ci: 0 },
        { name: `${name} each`, unit: 'B/endpoint', ours: (whole[state] - narrow[state]) / more, target: 300, ci: 0 },
      ]
    })
  },
}

async function keptBy(extent: Extent): Promise<Kept> {
  const before = heapAfterCollection()
  const config = largeConfig(extent)
  const { mesh } = await stubHouse(config)
  const inForce = heapAfterCollection() - before
  await useAll(mesh, config)
  const inUse = heapAfterCollection() - before
  await mesh.close()
  return { inForce, inUse }
}

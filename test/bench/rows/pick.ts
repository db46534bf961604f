// The row `p2c10k`: nanoseconds of one choice by power of two among the 10,000 living endpoints of a cluster.
import { createPicker, SeededRandom } from '@proxyless/core/spi'
import type { Bench } from '../harness/bench.ts'
import { nanosecondsOf } from '../harness/hot.ts'
import { manyEndpoints } from '../world/many.ts'
import { reviewsCluster, worldOf } from '../world/reviews.ts'
import { stubHouse } from '../world/stub-house.ts'

export const pickBench: Bench = {
  name: 'p2c10k',
  runs: 1,
  flags: [],
  async measure() {
    const { mesh } = await stubHouse(worldOf([], [reviewsCluster('wide', manyEndpoints(0, 10_000))]))
    const endpoints = [...(mesh.cluster('wide')?.endpoints() ?? [])]
    const random = new SeededRandom(1)
    for (const endpoint of endpoints) endpoint.activeRequests = random.uint32() % 4
    const picker = createPicker({ kind: 'leastRequest', choices: 2 }, endpoints, random)
    let load = 0
    const time = nanosecondsOf((times) => {
      for (let i = 0; i < times; i++) load += picker.pick(random)?.activeRequests ?? Number.NaN
    }, 10_000)
    await mesh.close()
    if (Number.isNaN(load)) throw new Error('a pick gave nothing')
    return [{ name: 'p2c10k', unit: 'ns', ...time, target: 80 }]
  },
}

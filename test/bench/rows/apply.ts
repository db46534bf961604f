// The row `apply`: a large configuration, decoded, to a mesh in force; and to one that has called every cluster.
// Applying does not pause: the event loop waits as long as it lasts.
import type { Bench } from '../harness/bench.ts'
import { watched } from '../harness/event-loop.ts'
import { halfInterval, median, quantile } from '../harness/statistics.ts'
import { large, largeConfig } from '../world/many.ts'
import { stubHouse, useAll } from '../world/stub-house.ts'

const warmUps = 5
const applies = 100
const uses = 10

export const applyBench: Bench = {
  name: 'apply',
  runs: 1,
  flags: [],
  async measure() {
    const config = largeConfig(large)
    const cpu: number[] = []
    const block: number[] = []
    const used: number[] = []
    for (let i = -warmUps; i < applies; i++) {
      const { result, cpuMs, longestBlockMs } = await watched(() => stubHouse(config))
      if (i >= 0) {
        cpu.push(cpuMs)
        block.push(longestBlockMs)
      }
      if (i >= 0 && i < uses) used.push(cpuMs + (await watched(() => useAll(result.mesh, config))).cpuMs)
      await result.mesh.close()
    }
    return [
      { name: 'apply', unit: 'ms CPU', ours: median(cpu), ci: halfInterval(cpu), target: 500 },
      { name: 'apply, all used', unit: 'ms CPU', ours: median(used), ci: halfInterval(used), target: 500 },
      { name: 'apply block p99', unit: 'ms', ours: quantile(block, 0.99), ci: halfInterval(block, 0.99), target: 10 },
      { name: 'apply block max', unit: 'ms', ours: Math.max(...block), ci: halfInterval(block, 1), target: 25 },
    ]
  },
}

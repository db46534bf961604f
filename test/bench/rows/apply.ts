// The row `apply`: a large configuration, decoded, to a mesh in force; and to one that has called every cluster.
// Applying does not pause: each one is one block of the event loop, longer when garbage is collected within it.
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
    for (let i = -warmUps; i < applies; i++) {
      const { result, cpuMs, longestBlockMs } = await watched(() => stubHouse(config))
      await result.mesh.close()
      if (i < 0) continue
      cpu.push(cpuMs)
      block.push(longestBlockMs)
    }
    const used: number[] = []
    for (let i = 0; i < uses; i++) {
      const { cpuMs } = await watched(async () => {
        const { mesh } = await stubHouse(config)
        await useAll(mesh, config)
        await mesh.close()
      })
      used.push(cpuMs)
    }
    const note = `p99 ${quantile(block, 0.99).toFixed(1)} ms`
    return [
      { name: 'apply', unit: 'ms CPU', ours: median(cpu), ci: halfInterval(cpu), target: 500 },
      { name: 'apply, all used', unit: 'ms CPU', ours: median(used), ci: halfInterval(used), target: 500 },
      { name: 'apply block', unit: 'ms', ours: median(block), ci: halfInterval(block), target: 10, note },
      {
        name: 'apply block max',
        unit: 'ms',
        ours: Math.max(...block),
        ci: halfInterval(block, (values) => Math.max(...values)),
        target: 25,
      },
    ]
  },
}

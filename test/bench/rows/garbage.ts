// The row `garbage`: bytes that the engine allocates for a call over the stub, beyond what the stub itself does.
// The young generation holds a whole batch, so that the heap only grows while it is measured.
import { PerformanceObserver } from 'node:perf_hooks'
import type { Bench } from '../harness/bench.ts'
import { heapAfterCollection, heapInUse } from '../harness/heap.ts'
import { halfInterval, median } from '../harness/statistics.ts'
import { reviewsConfig } from '../world/reviews.ts'
import { callStub, makeStub, stubHouse } from '../world/stub-house.ts'

const calls = 20_000
const warmUps = 20
const batches = 20

export const garbageBench: Bench = {
  name: 'garbage',
  runs: 1,
  flags: ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'],
  async measure() {
    const { mesh } = await stubHouse(reviewsConfig([1, 2, 3]))
    const layer: number[] = []
    const stub: number[] = []
    for (let batch = -warmUps; batch < batches; batch++) {
      const alone = await bytesPerCall(() => makeStub(calls))
      const whole = await bytesPerCall(() => callStub(mesh, calls))
      if (batch < 0) continue
      stub.push(alone)
      layer.push(whole - alone)
    }
    await mesh.close()
    const note = `the stub itself ${median(stub).toFixed(0)} B`
    return [{ name: 'garbage', unit: 'B/call', ours: median(layer), ci: halfInterval(layer), target: 1_024, note }]
  },
}

/** @throws when garbage was collected meanwhile */
async function bytesPerCall(work: () => void): Promise<number> {
  heapAfterCollection()
  // collections are reported later: those before are waited for
  await new Promise(setImmediate)
  let collections = 0
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length))
  observer.observe({ entryTypes: ['gc'] })
  const before = heapInUse()
  work()
  const bytes = heapInUse() - before
  await new Promise(setImmediate)
  observer.disconnect()
  if (collections > 0) throw new Error('garbage was collected within a batch')
  return bytes / calls
}

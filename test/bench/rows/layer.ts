// The row `layer`: the engine alone, over a stub that answers at once; nanoseconds, and instructions where valgrind is.
import type { Bench } from '../harness/bench.ts'
import { hasCallgrind, instructionsPerCall } from '../harness/callgrind.ts'
import { nanosecondsOf } from '../harness/hot.ts'
import { reviewsConfig } from '../world/reviews.ts'
import { callStub, stubHouse } from '../world/stub-house.ts'

export const layerTime: Bench = {
  name: 'layer time',
  runs: 3,
  flags: [],
  async measure() {
    const { mesh } = await stubHouse(reviewsConfig([1, 2, 3]))
    const time = nanosecondsOf((calls) => callStub(mesh, calls), 5_000)
    await mesh.close()
    return [{ name: 'layer time', unit: 'ns/call', ...time, target: 600 }]
  },
}

export const layerInstructions: Bench = {
  name: 'layer instructions',
  runs: 1,
  flags: [],
  async measure() {
    const name = 'layer instructions'
    if (!hasCallgrind()) return [{ name, skipped: 'no valgrind on this machine' }]
    const whole = await instructionsPerCall('stub-calls.js', 20_000, 60_000)
    const stub = await instructionsPerCall('stub-calls.js', 20_000, 60_000, 'stub')
    const note = `the stub itself ${stub.toFixed(0)}`
    return [{ name, unit: 'instr/call', ours: whole - stub, target: 6_000, ci: 0, note }]
  },
}

// The rows `tables`: how long the event loop is held at most while the large table of a consistent balancer comes to be
// in a process that has done nothing yet, and when another address for one endpoint makes it anew.
import { type LoadBalancer, type Mesh, SeededRandom } from '@proxyless/core/spi'
import type { Bench } from '../harness/bench.ts'
import { watched } from '../harness/event-loop.ts'
import { manyEndpoints, withOneChange } from '../world/many.ts'
import { reviewsCluster, worldOf } from '../world/reviews.ts'
import { stubHouse } from '../world/stub-house.ts'

const kinds: readonly { readonly name: string; readonly policy: LoadBalancer }[] = [
  { name: 'tables ring', policy: { kind: 'ringHash', minimumRingSize: 1_024_000 } },
  { name: 'tables maglev', policy: { kind: 'maglev', tableSize: 65_537 } },
]

export const tableBenches: readonly Bench[] = kinds.map(({ name, policy }) => ({
  name,
  runs: 5,
  flags: [],
  async measure() {
    const cluster = { ...reviewsCluster('wide', manyEndpoints(0, 1_000)), loadBalancer: policy }
    const config = worldOf([], [cluster])
    const { mesh } = await stubHouse(config)
    const first = await watched(() => {
      return built(mesh)
    })
    const update = await watched(() => {
      mesh.config(withOneChange(config, 'wide', 2_000_000))
      return Promise.resolve().then(() => built(mesh))
    })
    await mesh.close()
    const figure = { unit: 'ms block', target: 25, ci: 0 }
    return [
      { name: `${name} first`, ours: first.longestBlockMs, ...figure, note: `${first.cpuMs.toFixed(0)} ms CPU` },
      { name: `${name} update`, ours: update.longestBlockMs, ...figure, note: `${update.cpuMs.toFixed(0)} ms CPU` },
    ]
  },
}))

/** A call begins it; what is added then is done when it is built. */
function built(mesh: Mesh): Promise<void> {
  mesh.cluster('wide')?.peek(new SeededRandom(1))
  return new Promise((resolve) => {
    mesh.slices.add({
      step() {
        resolve()
        return true
      },
    })
  })
}

// The row `register`: the built-in fetch of an application that knows of no mesh, with the mesh installed and without one.
import { createMesh } from 'proxyless'
import type { Bench } from '../harness/bench.ts'
import { mean, ratioOf, runRounds } from '../harness/rounds.ts'
import { trimmedMean } from '../harness/statistics.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { check } from '../world/calls.ts'
import { dispatchersInSlots, fetchIn } from '../world/fetch-slots.ts'
import { authority, reviewsConfig, target } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

export const registerBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

/** Slices are long enough for a few collections of garbage, which is a quarter of what a call costs. */
const precision = 0.05

function benchOf(concurrency: number): Bench {
  const name = `register c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startUpstream()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const without = dispatchersInSlots()
      mesh.install()
      const installed = dispatchersInSlots()
      const base = callOf(
        without,
        upstream.ports.map((port) => `http://127.0.0.1:${port}${target}`),
      )
      const slices = await runRounds(
        {
          ours: { call: callOf(installed, [`http://${authority}${target}`]) },
          base: { call: base },
          twin: { call: base },
        },
        { rounds: 80, calls: 1_000, warmUpRounds: 6, precision: precision / 2, concurrency },
      )
      await mesh.close()
      upstream.close()
      const control = ratioOf(slices.twin, slices.base, trimmedMean)
      const ratio = ratioOf(slices.ours, mean(slices.base, slices.twin), trimmedMean)
      const figure = { name, unit: 'us CPU/call', target: 1.1, precision }
      return [{ ...figure, ...ratio, control: control.ratio, controlCi: control.ci }]
    },
  }
}

function callOf(dispatchers: readonly unknown[], urls: readonly string[]): () => Promise<void> {
  const call = fetchIn(dispatchers, urls)
  return async () => {
    const response = await call()
    const text = await response.text()
    check(response.status, text.length)
  }
}

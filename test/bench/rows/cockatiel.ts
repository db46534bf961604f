// The row `cockatiel`: CPU that the mesh adds to a bare call, against what cockatiel's policies add to it.
import { createMesh } from 'proxyless'
import type { Bench } from '../harness/bench.ts'
import { addedRatio, ratioOf, runRounds } from '../harness/rounds.ts'
import { byRequest } from '../world/calls.ts'
import { byCockatiel } from '../world/cockatiel.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { HandRoundRobin } from '../world/hand.ts'
import { reviewsConfig } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

export const cockatielBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

function benchOf(concurrency: number): Bench {
  const name = `cockatiel c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startUpstream()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const hands = [0, 1, 2].map(() => new HandRoundRobin(upstream.ports))
      const [hand, twin, guarded] = hands as [HandRoundRobin, HandRoundRobin, HandRoundRobin]
      const slices = await runRounds(
        {
          ours: { call: byRequest(() => mesh.dispatcher) },
          theirs: { call: byCockatiel(() => guarded.next()) },
          base: { call: byRequest(() => hand.next()) },
          twin: { call: byRequest(() => twin.next()) },
        },
        { rounds: 60, calls: concurrency === 1 ? 400 : 1_000, concurrency },
      )
      await Promise.all([mesh.close(), ...hands.map((each) => each.close())])
      upstream.close()
      const control = ratioOf(slices.twin, slices.base).ratio
      return [{ name, unit: 'us CPU added', ...addedRatio('cpu', slices), target: 1 / 3, control }]
    },
  }
}

// The rows `dispatch`, `request` and `fetch`: a call through the mesh against the same call over round robin by hand.
import { createMesh, type Mesh } from 'proxyless'
import { fetch } from 'undici'
import type { Bench } from '../harness/bench.ts'
import { mean, ratioOf, runRounds } from '../harness/rounds.ts'
import { byDispatch, byFetch, byRequest } from '../world/calls.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { HandDispatcher, HandRoundRobin } from '../world/hand.ts'
import { reviewsConfig } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

interface Way {
  readonly name: string
  readonly target: number
  readonly rounds: number
  readonly hand: (hand: HandRoundRobin) => () => Promise<void>
  readonly ours: (mesh: Mesh) => () => Promise<void>
}

const ways: readonly Way[] = [
  {
    name: 'dispatch',
    target: 1.1,
    rounds: 80,
    hand: (hand) => byDispatch(() => hand.next()),
    ours: (mesh) => byDispatch(() => mesh.dispatcher),
  },
  {
    name: 'request',
    target: 1.1,
    rounds: 80,
    hand: (hand) => byRequest(() => hand.next()),
    ours: (mesh) => byRequest(() => mesh.dispatcher),
  },
  {
    name: 'fetch',
    target: 1.08,
    rounds: 50,
    hand: (hand) => {
      const dispatcher = new HandDispatcher(hand)
      return byFetch((url, { headers }) => fetch(url, { headers, dispatcher }))
    },
    ours: (mesh) => byFetch(mesh.fetch),
  },
]

export const callBenches: readonly Bench[] = ways.flatMap((way) => [benchOf(way, 1), benchOf(way, 50)])

function benchOf(way: Way, concurrency: number): Bench {
  const name = `${way.name} c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startUpstream()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const hand = new HandRoundRobin(upstream.ports)
      const twin = new HandRoundRobin(upstream.ports)
      const slices = await runRounds(
        { ours: { call: way.ours(mesh) }, base: { call: way.hand(hand) }, twin: { call: way.hand(twin) } },
        { rounds: way.rounds, calls: concurrency === 1 ? 400 : 1_000, concurrency },
      )
      await Promise.all([mesh.close(), hand.close(), twin.close()])
      upstream.close()
      const control = ratioOf(slices.twin, slices.base).ratio
      return [
        {
          name,
          unit: 'us CPU/call',
          ...ratioOf(slices.ours, mean(slices.base, slices.twin)),
          target: way.target,
          control,
        },
      ]
    },
  }
}

// The rows `grpc`: a unary call of grpc-js through the mesh against grpc-js' own round robin over the same three servers.
import { meshChannel } from '@proxyless/grpc'
import { createMesh } from 'proxyless'
import type { Bench } from '../harness/bench.ts'
import { mean, ratioOf, runRounds } from '../harness/rounds.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { byGrpc, grpcClient, roundRobin, startGrpcUpstream } from '../world/grpc-calls.ts'
import { authority, reviewsConfig } from '../world/reviews.ts'

function benchOf(concurrency: number): Bench {
  const name = `grpc c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startGrpcUpstream()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const ours = grpcClient(authority, meshChannel(mesh))
      const [base, twin] = [roundRobin(upstream.ports), roundRobin(upstream.ports)]
      const slices = await runRounds(
        { ours: { call: byGrpc(ours) }, base: { call: byGrpc(base) }, twin: { call: byGrpc(twin) } },
        { rounds: 40, calls: 1_000, concurrency },
      )
      for (const client of [ours, base, twin]) client.close()
      await mesh.close()
      upstream.close()
      const control = ratioOf(slices.twin, slices.base).ratio
      return [
        { name, unit: 'us CPU/call', ...ratioOf(slices.ours, mean(slices.base, slices.twin)), target: 1.1, control },
      ]
    },
  }
}

export const grpcBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

// The rows `grpc`: a unary call of grpc-js through the mesh against grpc-js' own round robin over the same three servers,
// against grpc-js-xds, and a client's first call.
import { meshChannel } from '@proxyless/grpc'
import { createMesh } from 'proxyless'
import type { Bench } from '../harness/bench.ts'
import { forkModule } from '../harness/processes.ts'
import { mean, ratioOf, runRounds } from '../harness/rounds.ts'
import { trimmedMean } from '../harness/statistics.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { byGrpc, grpcClient, roundRobin, startGrpcUpstream } from '../world/grpc-calls.ts'
import { authority, reviewsConfig } from '../world/reviews.ts'
import { wide } from '../world/xds-resources.ts'

/**
 * Slices long enough for several collections of garbage, which is a quarter of what a call costs; as many as it takes to know
 * the ratio so well, or where that takes too long a little less well.
 */
const enough = { rounds: 60, calls: 1_500, warmUpRounds: 6, precision: 0.025 }
const precision = 0.05

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
        { ...enough, concurrency },
      )
      for (const client of [ours, base, twin]) client.close()
      await mesh.close()
      upstream.close()
      const control = ratioOf(slices.twin, slices.base, trimmedMean)
      const ratio = ratioOf(slices.ours, mean(slices.base, slices.twin), trimmedMean)
      const figure = { name, unit: 'us CPU/call', target: 1.1, precision }
      return [{ ...figure, ...ratio, control: control.ratio, controlCi: control.ci }]
    },
  }
}

/** Against grpc-js-xds, which gets the same three endpoints from a control plane. */
function xdsBenchOf(concurrency: number): Bench {
  const name = `grpcxds c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startGrpcUpstream()
      const plane = await forkModule<number>('world/xds-server.js', [JSON.stringify({ ports: upstream.ports })])
      const server = { server_uri: `127.0.0.1:${plane.first}`, channel_creds: [{ type: 'insecure' }] }
      process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
        xds_servers: [server],
        node: { id: 'bench', locality: {} },
      })
      const { register } = await import('@grpc/grpc-js-xds')
      register()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const ours = grpcClient(authority, meshChannel(mesh))
      const base = grpcClient(`xds:///${wide}`, {})
      const slices = await runRounds(
        { ours: { call: byGrpc(ours) }, base: { call: byGrpc(base) } },
        { ...enough, concurrency },
      )
      for (const client of [ours, base]) client.close()
      await mesh.close()
      plane.child.kill()
      upstream.close()
      return [{ name, unit: 'us CPU/call', ...ratioOf(slices.ours, slices.base, trimmedMean), target: 1, precision }]
    },
  }
}

/** The first call of a new client, connecting included; a new mesh for each of ours. */
const firstCall: Bench = {
  name: 'grpcfirst',
  runs: 3,
  flags: [],
  async measure() {
    const upstream = await startGrpcUpstream()
    const raw = async (): Promise<void> => {
      const client = roundRobin(upstream.ports)
      await byGrpc(client)()
      client.close()
    }
    const ours = async (): Promise<void> => {
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const client = grpcClient(authority, meshChannel(mesh))
      await byGrpc(client)()
      client.close()
      await mesh.close()
    }
    const slices = await runRounds(
      { ours: { call: ours }, base: { call: raw } },
      { rounds: 40, calls: 5, concurrency: 1 },
    )
    upstream.close()
    return [{ name: 'grpcfirst', unit: 'us CPU', ...ratioOf(slices.ours, slices.base), target: 2 }]
  },
}

export const grpcBenches: readonly Bench[] = [benchOf(1), benchOf(50), xdsBenchOf(1), xdsBenchOf(50), firstCall]

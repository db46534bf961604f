// The row `envoy`: all CPU of a call, the proxy's included, through the mesh against the same client through an Envoy
// beside it; and how much later the answer comes than without either.
import { createMesh } from 'proxyless'
import { Pool } from 'undici'
import { envoyBinary } from '../../peers/envoy/binary.ts'
import type { Bench, Sample } from '../harness/bench.ts'
import { addedRatio, ratioOf, runRounds } from '../harness/rounds.ts'
import { byRequest } from '../world/calls.ts'
import { startEnvoy } from '../world/envoy.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { HandRoundRobin } from '../world/hand.ts'
import { reviewsConfig } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

export const envoyBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

function benchOf(concurrency: number): Bench {
  const name = `envoy c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      if (process.platform !== 'linux') return [{ name, skipped: 'CPU of another process is read from /proc' }]
      const binary = await envoyBinary()
      return 'skipped' in binary ? [{ name, skipped: binary.skipped }] : measure(name, binary.path, concurrency)
    },
  }
}

async function measure(name: string, binary: string, concurrency: number): Promise<readonly Sample[]> {
  const latency = concurrency === 1
  const upstream = await startUpstream()
  const envoy = await startEnvoy(binary, upstream.ports)
  const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
  const hand = new HandRoundRobin(upstream.ports)
  const twin = new HandRoundRobin(upstream.ports)
  const sidecar = new Pool(`http://127.0.0.1:${envoy.port}`, { connections: 150 })
  const slices = await runRounds(
    {
      ours: { call: byRequest(() => mesh.dispatcher) },
      theirs: { call: byRequest(() => sidecar), otherCpu: () => envoy.cpu() },
      base: { call: byRequest(() => hand.next()) },
      twin: { call: byRequest(() => twin.next()) },
    },
    { rounds: 50, calls: latency ? 300 : 1_000, concurrency, latency },
  )
  await Promise.all([mesh.close(), hand.close(), twin.close(), sidecar.destroy()])
  envoy.close()
  upstream.close()
  const control = ratioOf(slices.twin, slices.base).ratio
  const cpu = { name, unit: 'us CPU/call', ...ratioOf(slices.ours, slices.theirs), target: 1 / 2.5, control }
  if (!latency) return [cpu]
  return [cpu, { name: `${name} added p50`, unit: 'us', ...addedRatio('p50', slices), target: 1 / 10, control }]
}

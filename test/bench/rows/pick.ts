// The rows `pick`: nanoseconds of one choice among living endpoints. Consistent balancers hash a header of 20 bytes first.
import { createPicker, type LoadBalancer, SeededRandom, xxHash64 } from '@proxyless/core/spi'
import type { Bench, Sample } from '../harness/bench.ts'
import { nanosecondsOf } from '../harness/hot.ts'
import { manyEndpoints } from '../world/many.ts'
import { reviewsCluster, worldOf } from '../world/reviews.ts'
import { stubHouse } from '../world/stub-house.ts'

interface Case {
  readonly name: string
  readonly policy: LoadBalancer
  readonly endpoints: number
  /** Of every other endpoint; the others have 1. */
  readonly weight: number
  readonly hashed: boolean
  readonly targetNs: number
}

const cases: readonly Case[] = [
  {
    name: 'pick p2c 10k',
    policy: { kind: 'leastRequest', choices: 2 },
    endpoints: 10_000,
    weight: 1,
    hashed: false,
    targetNs: 80,
  },
  {
    name: 'pick weighted 1k',
    policy: { kind: 'roundRobin' },
    endpoints: 1_000,
    weight: 3,
    hashed: false,
    targetNs: 500,
  },
  {
    name: 'pick hash ring 1k',
    policy: { kind: 'ringHash', minimumRingSize: 1_024_000 },
    endpoints: 1_000,
    weight: 1,
    hashed: true,
    targetNs: 400,
  },
  {
    name: 'pick hash maglev 1k',
    policy: { kind: 'maglev', tableSize: 65_537 },
    endpoints: 1_000,
    weight: 1,
    hashed: true,
    targetNs: 250,
  },
]

export const pickBench: Bench = {
  name: 'pick',
  runs: 1,
  flags: [],
  async measure() {
    const samples: Sample[] = []
    for (const each of cases) samples.push(await sampleOf(each))
    return samples
  },
}

async function sampleOf({ name, policy, endpoints, weight, hashed, targetNs }: Case): Promise<Sample> {
  const models = manyEndpoints(0, endpoints).map((model, i) => (i % 2 === 0 ? { ...model, weight } : model))
  const { mesh } = await stubHouse(worldOf([], [reviewsCluster('wide', models)]))
  const hosts = [...(mesh.cluster('wide')?.endpoints() ?? [])]
  const random = new SeededRandom(1)
  for (const host of hosts) host.activeRequests = random.uint32() % 4
  const picker = createPicker(policy, hosts, random)
  const keys = Array.from({ length: 1_024 }, (_, i) => `session-${String(i).padStart(12, '0')}`)
  const key = { high: 0, low: 0 }
  let load = 0
  const time = nanosecondsOf((times) => {
    for (let i = 0; i < times; i++) {
      if (hashed) xxHash64(keys[i & 1_023] ?? '', key)
      load += (hashed ? picker.pick(random, key) : picker.pick(random))?.activeRequests ?? Number.NaN
    }
  }, 10_000)
  await mesh.close()
  if (Number.isNaN(load)) throw new Error(`${name} gave nothing`)
  return { name, unit: 'ns', ...time, target: targetNs }
}

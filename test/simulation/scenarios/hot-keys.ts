// Instances that keep what they were last asked for: where the same key should go, and what becomes of the instance with the hottest one.
import type { LoadBalancer, Random } from '@proxyless/core/spi'
import { about, type Draw, unit } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const keys = 3_000
const kept = 150

const ring = (balanceFactor?: number): LoadBalancer => ({
  kind: 'ringHash',
  minimumRingSize: 1_024,
  ...(balanceFactor === undefined ? {} : { balanceFactor }),
})

export const hotKeys: Scenario = {
  name: 'Hot keys',
  story:
    'Ten instances, each remembering the last 150 of 3,000 keys: what is remembered takes 2 ms, what is not 25 ms. ' +
    'Keys are asked by Zipf, the hottest by one call in nine. The last column is how often a key was remembered.',
  policies: {
    'round robin': policies['round robin'],
    'least request': policies['least request'],
    'peak EWMA': policies['peak EWMA'],
    'ring hash': { cluster: { loadBalancer: ring() }, hash: true },
    Maglev: { cluster: { loadBalancer: { kind: 'maglev', tableSize: 65_537 } }, hash: true },
    'ring hash, bounded load 125 %': { cluster: { loadBalancer: ring(125) }, hash: true },
  },
  units: { remembered: 'percent' },
  run: (policy) => {
    const memories = Array.from({ length: 10 }, () => new Memory())
    return run(
      {
        seed,
        servers: 10,
        server: (place) => ({ workers: 1, serviceMs: (random, key) => memories[place]!.take(random, key) }),
        rate: 600,
        seconds: 12,
        measure: [2, 12],
        keyOf: zipf,
        more: () => {
          const hits = memories.reduce((sum, memory) => sum + memory.hits, 0)
          return { remembered: hits / memories.reduce((sum, memory) => sum + memory.asked, 0) }
        },
      },
      policy,
    )
  },
}

/** The last keys that an instance was asked for. */
class Memory {
  readonly #keys = new Set<number>()
  readonly #hit: Draw = about(2)
  readonly #miss: Draw = about(25)
  hits = 0
  asked = 0

  take(random: Random, key: number): number {
    this.asked++
    const known = this.#keys.delete(key)
    this.#keys.add(key)
    if (known) this.hits++
    else if (this.#keys.size > kept) this.#keys.delete(this.#keys.values().next().value ?? 0)
    return (known ? this.#hit : this.#miss)(random, key)
  }
}

const weights = Float64Array.from({ length: keys }, (_, i) => 1 / (i + 1))
const total = weights.reduce((sum, weight) => sum + weight, 0)

function zipf(random: Random): number {
  let left = unit(random) * total
  for (let key = 0; key < keys; key++) if ((left -= weights[key] ?? 0) <= 0) return key
  return keys - 1
}

// Instances of different size behind one name: who finds out, and from what.
import type { LoadBalancer } from '@proxyless/core/spi'
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const reported: LoadBalancer = {
  kind: 'clientWeightedRoundRobin',
  blackoutMs: 2_000,
  expiryMs: 180_000,
  updateMs: 1_000,
  errorPenalty: 1,
}

export const unequalInstances: Scenario = {
  name: 'Unequal instances',
  story: 'Five instances have one worker, five have four; each reports its load. Measured once reports count.',
  policies: {
    'round robin': policies['round robin'],
    'client-weighted round robin': { cluster: { loadBalancer: reported } },
    'least request': policies['least request'],
    'peak EWMA': policies['peak EWMA'],
  },
  run: (policy) =>
    run(
      {
        seed,
        servers: 10,
        server: (place) => ({ workers: place < 5 ? 1 : 4, serviceMs: about(20) }),
        rate: 700,
        seconds: 16,
        measure: [6, 16],
      },
      policy,
    ),
}

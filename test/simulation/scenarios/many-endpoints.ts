// A process that calls little among very many instances: most calls open a connection, unless it keeps to a few.
import type { Aperture } from '@proxyless/core/spi'
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { leastRequest } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const kept = (size: number): { readonly aperture: Aperture } => ({ aperture: { size, seed: 1 } })

export const manyEndpoints: Scenario = {
  name: 'Many endpoints',
  story:
    'Three processes with ten calls a second each among 300 instances; opening a connection takes 15 ms, and it is closed when nothing was sent for ten seconds. ' +
    'The last column is how many connections were opened.',
  policies: {
    'least request': { cluster: { loadBalancer: leastRequest } },
    'least request, aperture 20': { cluster: { loadBalancer: leastRequest, ...kept(20) } },
  },
  units: { connections: 'count' },
  run: (policy) =>
    run(
      {
        seed,
        servers: 300,
        server: { workers: 2, serviceMs: about(10) },
        rate: 30,
        seconds: 120,
        measure: [20, 120],
        network: { connectMs: 15, idleMs: 10_000 },
        more: ({ clients }) => ({ connections: clients.reduce((sum, client) => sum + client.connectionsOpened, 0) }),
      },
      policy,
    ),
}

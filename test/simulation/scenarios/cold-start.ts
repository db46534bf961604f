// New instances that are slow at first: who sends them their whole share at once.
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { leastRequest, policies, roundRobin } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const slowStart = { windowMs: 6_000, aggression: 1, minWeight: 0.1 }

export const coldStart: Scenario = {
  name: 'Cold start',
  story:
    'Four instances are joined by four more that are eight times slower at first and warm within six seconds; measured for these.',
  policies: {
    'round robin': policies['round robin'],
    'round robin, slow start': { cluster: { loadBalancer: roundRobin, slowStart } },
    'least request': policies['least request'],
    'least request, slow start': { cluster: { loadBalancer: leastRequest, slowStart } },
    'peak EWMA': policies['peak EWMA'],
  },
  run: (policy) =>
    run(
      {
        seed,
        servers: 8,
        server: { workers: 2, serviceMs: about(20) },
        rate: 240,
        seconds: 9,
        measure: [2, 8],
        joining: [4, 2],
        script: ({ network, servers }) => {
          for (let step = 0; step <= 12; step++) {
            network.at(step * 500 + 2_000, () => {
              for (const server of servers.slice(4)) server.slowness = 8 ** (1 - step / 12)
            })
          }
        },
      },
      policy,
    ),
}

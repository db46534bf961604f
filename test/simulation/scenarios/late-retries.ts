// Failures that come late: a retry that cannot end before its deadline is work for nobody.
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const { cluster, retry } = policies['least request, retries, budget']

export const lateRetries: Scenario = {
  name: 'Failures near the deadline',
  story:
    'A brown-out: answers take 300 ms instead of 20, and four of ten end as 503; calls give up after 500 ms. Measured meanwhile.',
  policies: {
    'least request': policies['least request'],
    'least request, retries': policies['least request, retries'],
    'least request, retries in time': {
      ...policies['least request, retries'],
      cluster: { ...policies['least request, retries'].cluster, adaptive: { retriesInTime: true } },
    },
    'least request, retries in time, budget': {
      ...(retry === undefined ? {} : { retry }),
      cluster: { ...cluster, adaptive: { retriesInTime: true } },
    },
  },
  run: (policy) =>
    run(
      {
        seed,
        servers: 20,
        server: { workers: 10, serviceMs: about(20) },
        rate: 500,
        seconds: 14,
        measure: [4, 14],
        timeoutMs: 500,
        script: ({ network, servers }) =>
          network.at(2_000, () => {
            for (const server of servers) {
              server.slowness = 15
              server.errors = 0.4
            }
          }),
      },
      policy,
    ),
}

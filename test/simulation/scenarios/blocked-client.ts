// A client whose event loop is blocked now and then: its own delay looks like that of its endpoints.
import type { AdaptivePolicy, Cluster, OutlierDetection } from '@proxyless/core/spi'
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { leastRequest, peakEwma, policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const outlierDetection: OutlierDetection = {
  consecutive5xx: 3,
  consecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 0,
  intervalMs: 1_000,
  baseEjectionTimeMs: 10_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 0.5,
}
const adaptive: AdaptivePolicy = { loopCorrection: { maxGraceMs: 1_000 } }
const retry = { ...policies['least request, retries'].retry!, perTryTimeoutMs: 250 }
const outliers = (more: Partial<Cluster>): { readonly cluster: Partial<Cluster>; readonly retry: typeof retry } => ({
  cluster: { outlierDetection, ...more },
  retry,
})

export const blockedClient: Scenario = {
  name: 'Blocked client',
  story:
    'Healthy instances; each client computes for 300 ms every second and looks at nothing else, with 250 ms per try and outlier detection. ' +
    'The last column is how often an instance was ejected.',
  policies: {
    'least request, retries': outliers({ loadBalancer: leastRequest }),
    'least request, retries, event loop correction': outliers({ loadBalancer: leastRequest, adaptive }),
    'peak EWMA, retries': outliers({ loadBalancer: peakEwma }),
    'peak EWMA, retries, event loop correction': outliers({ loadBalancer: peakEwma, adaptive }),
  },
  units: { ejections: 'count' },
  run: (policy) =>
    run(
      {
        seed,
        servers: 5,
        server: { workers: 16, serviceMs: about(60) },
        rate: 900,
        seconds: 20,
        measure: [2, 20],
        script: ({ network, clients }) => {
          for (const [i, { clock }] of clients.entries()) {
            for (let second = 1; second < 20; second++) network.at(second * 1_000 + i * 300, () => clock.block(300))
          }
        },
        more: ({ clients }) => ({ ejections: clients.reduce((sum, client) => sum + client.ejections, 0) }),
      },
      policy,
    ),
}

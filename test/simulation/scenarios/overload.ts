// More calls than a service can take: what is left of it when nobody holds back, and when callers do.
import type { AdaptivePolicy, Cluster } from '@proxyless/core/spi'
import { about } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { leastRequest, policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const adaptive = (policy: AdaptivePolicy): { readonly cluster: Partial<Cluster> } => ({
  cluster: { loadBalancer: leastRequest, adaptive: policy },
})
const throttling = { k: 2, windowMs: 10_000, maxRejection: 0.9 }
const concurrency = { initial: 20, min: 5, max: 200, tolerance: 1.5, windowMs: 1_000 }

const compared: Scenario['policies'] = {
  'least request': policies['least request'],
  'least request, retries': policies['least request, retries'],
  'least request, retries, budget': policies['least request, retries, budget'],
  'least request, adaptive throttling': adaptive({ throttling }),
  'least request, adaptive concurrency': adaptive({ concurrency }),
}

/** Calls a second: what the service can take is 1,000. */
const surge = (nowMs: number): number => (nowMs < 5_000 ? 500 : 2_000)

export const costlyRefusals: Scenario = {
  name: 'Overload of a service that refuses',
  story:
    'Twice the load that five instances of four workers can take; they refuse what would wait long with 503, ' +
    'but to refuse takes half the time of serving. Measured under overload.',
  policies: compared,
  run: (policy) =>
    run(
      {
        seed,
        servers: 5,
        server: { workers: 4, serviceMs: about(20), queue: 8, refusalMs: 10 },
        rate: surge,
        seconds: 20,
        measure: [7, 20],
      },
      policy,
    ),
}

export const endlessQueues: Scenario = {
  name: 'Overload of a service that queues',
  story:
    'The same load on instances that refuse nobody: what is not answered within 500 ms has been worked off for nothing. Measured under overload.',
  policies: compared,
  run: (policy) =>
    run(
      {
        seed,
        servers: 5,
        server: { workers: 4, serviceMs: about(20) },
        rate: surge,
        seconds: 20,
        measure: [7, 20],
        timeoutMs: 500,
      },
      policy,
    ),
}

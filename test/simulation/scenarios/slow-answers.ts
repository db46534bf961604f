// Any instance is slow now and then: nobody is to be avoided, but another would have answered long since.
import { about, withTail } from '../engine/distributions.ts'
import { run } from '../engine/run.ts'
import { hedging, leastRequest, policies, withBudget } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const pauses = withTail(about(20), 0.02, 400)

export const slowAnswers: Scenario = {
  name: 'Slow answers now and then',
  story: 'Every fiftieth request meets a pause of 400 ms, on whatever instance.',
  policies: {
    'round robin': policies['round robin'],
    'least request': policies['least request'],
    'peak EWMA': policies['peak EWMA'],
    'least request, hedging': policies['least request, hedging'],
    'least request, hedging at p90, budget': {
      cluster: { loadBalancer: leastRequest, ...withBudget, adaptive: { hedging: { ...hedging, percentile: 0.9 } } },
    },
    'peak EWMA, hedging': { cluster: { ...policies['peak EWMA'].cluster, adaptive: { hedging } } },
  },
  run: (policy) =>
    run(
      { seed, servers: 10, server: { workers: 4, serviceMs: pauses }, rate: 400, seconds: 20, measure: [4, 20] },
      policy,
    ),
}

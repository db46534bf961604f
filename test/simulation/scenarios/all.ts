// Every scenario, in the order of SIMULATION.md.
import { coldStart } from './cold-start.ts'
import { hotKeys } from './hot-keys.ts'
import { manyEndpoints } from './many-endpoints.ts'
import { fullOutage, partialOutage, rollingRestart, slowEndpoint } from './outages.ts'
import type { Scenario } from './scenario.ts'
import { retryStorm } from './three-tiers.ts'
import { unequalInstances } from './unequal.ts'

export const scenarios: readonly Scenario[] = [
  slowEndpoint,
  partialOutage,
  fullOutage,
  rollingRestart,
  retryStorm,
  hotKeys,
  coldStart,
  manyEndpoints,
  unequalInstances,
]

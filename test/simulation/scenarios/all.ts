// Every scenario, in the order of SIMULATION.md.
import { blockedClient } from './blocked-client.ts'
import { coldStart } from './cold-start.ts'
import { hotKeys } from './hot-keys.ts'
import { lateRetries } from './late-retries.ts'
import { manyEndpoints } from './many-endpoints.ts'
import { fullOutage, partialOutage, rollingRestart, slowEndpoint } from './outages.ts'
import { costlyRefusals, endlessQueues } from './overload.ts'
import type { Scenario } from './scenario.ts'
import { slowAnswers } from './slow-answers.ts'
import { retryStorm } from './three-tiers.ts'
import { unequalInstances } from './unequal.ts'
import { threeZones } from './zones.ts'

export const scenarios: readonly Scenario[] = [
  slowEndpoint,
  slowAnswers,
  partialOutage,
  fullOutage,
  rollingRestart,
  retryStorm,
  hotKeys,
  coldStart,
  manyEndpoints,
  unequalInstances,
  threeZones,
  costlyRefusals,
  endlessQueues,
  lateRetries,
  blockedClient,
]

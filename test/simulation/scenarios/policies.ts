// The policies that scenarios compare, by the name they have in the tables.
import type { Cluster, Hedging, LoadBalancer, RetryPolicy } from '@proxyless/core/spi'
import { cluster } from '../../kit/config.ts'
import type { Policy } from '../engine/run.ts'

export const roundRobin: LoadBalancer = { kind: 'roundRobin' }
export const leastRequest: LoadBalancer = { kind: 'leastRequest', choices: 2 }
export const peakEwma: LoadBalancer = { kind: 'peakEwma', decayMs: 10_000, failurePenalty: 10 }

/** Two more attempts at other endpoints. */
const retry: RetryPolicy = {
  numRetries: 2,
  retryOn: ['5xx'],
  retriableStatusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
}

const { circuitBreakers } = cluster('', [])

/** Istio's default of `retryBudget`, a fifth of the requests under way, with another minimum. */
export function budgetOf(minRetryConcurrency: number): Pick<Cluster, 'circuitBreakers'> {
  return { circuitBreakers: { ...circuitBreakers, retryBudget: { percent: 0.2, minRetryConcurrency } } }
}

export const withBudget: Pick<Cluster, 'circuitBreakers'> = budgetOf(3)

/** By default of the annotation. */
export const hedging: Hedging = { percentile: 0.95, minDelayMs: 1, maxBlockedMs: 50 }

type PolicyName =
  | 'round robin'
  | 'least request'
  | 'peak EWMA'
  | 'least request, retries'
  | 'least request, retries, budget'
  | 'peak EWMA, retries, budget'
  | 'least request, hedging'

export const policies: Readonly<Record<PolicyName, Policy>> = {
  'round robin': { cluster: { loadBalancer: roundRobin } },
  'least request': { cluster: { loadBalancer: leastRequest } },
  'peak EWMA': { cluster: { loadBalancer: peakEwma } },
  'least request, retries': { cluster: { loadBalancer: leastRequest }, retry },
  'least request, retries, budget': { cluster: { loadBalancer: leastRequest, ...withBudget }, retry },
  'least request, hedging': { cluster: { loadBalancer: leastRequest, adaptive: { hedging } } },
  'peak EWMA, retries, budget': { cluster: { loadBalancer: peakEwma, ...withBudget }, retry },
}

// Waits for requests that nobody waits for: copies.
import { until } from '../../../kit/until.ts'
import type { Arrival, Outcome } from './outcome.ts'

/** The outcome once so many requests have arrived for it, by backend: copies have no order. */
export async function settled(outcome: Outcome, arrivals: number): Promise<Outcome> {
  await until(() => outcome.arrivals.length >= arrivals)
  return { ...outcome, arrivals: outcome.arrivals.toSorted(byBackend) }
}

function byBackend(one: Arrival, other: Arrival): number {
  return one.backend < other.backend ? -1 : one.backend > other.backend ? 1 : 0
}

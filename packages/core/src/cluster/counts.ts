// What a cluster has counted of its calls in this process (SEMANTICS 13.5): integers that only grow, but for a request that was not sent.
import type { Failure } from './verdict.ts'

const names = [
  'requests',
  'retries',
  'retrySuccesses',
  'retryLimitExceeded',
  'timeouts',
  'perTryTimeouts',
  'ejections',
  'panicPicks',
] as const

type Count = (typeof names)[number]

export class Counts implements Record<Count, number> {
  /** Attempts that went onto a connection. */
  requests = 0
  retries = 0
  /** Answers to retries that there was nothing to retry in. */
  retrySuccesses = 0
  /** Calls that failed with no retry left. */
  retryLimitExceeded = 0
  timeouts = 0
  perTryTimeouts = 0
  ejections = 0
  /** Picks among all endpoints, because too few were fit. */
  panicPicks = 0

  failed(failure: Failure): void {
    if (failure === 'timeout') this.timeouts++
    else if (failure === 'perTryTimeout') this.perTryTimeouts++
  }

  all(): Readonly<Record<Count, number>> {
    return Object.fromEntries(names.map((name) => [name, this[name]])) as Record<Count, number>
  }
}

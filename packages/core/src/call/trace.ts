// Who follows calls on their way: the contract of tracers. Where there is none a call pays one branch.
import type { Failure } from '../cluster/verdict.ts'
import type { HeaderList } from '../route/header-list.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './conduct.ts'
import type { CallRecord } from './observer.ts'

export interface CallTracer {
  /** A call sets out, in its caller's context; undefined: this one is not followed. Copies (`call.mirrorOf`) are told too. */
  callStarted(call: Call): CallTrace | undefined
}

export interface CallTrace {
  /** It sets what its requests carry of the trace: they inherit no such headers. */
  readonly carries: boolean
  attemptStarted(attempt: Attempt): AttemptTrace | undefined
  /** Copies do not tell it. */
  ended(record: CallRecord): void
}

export interface AttemptTrace {
  /** It goes onto a connection: sets what its request carries of the trace. Called again where a connection was lost. */
  inject(headers: HeaderList): void
  /** Runs what writes the request, so that those who trace the client below know that it is followed. */
  within(send: () => void): void
  /** Its answer has ended, or was not wanted, or there was none, as its verdict says; `broken`: how the answer broke off. */
  ended(attempt: Attempt, broken: Failure | undefined): void
}

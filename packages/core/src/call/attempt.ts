// One try of a call: its number, where it goes, and how far it came.
import type { Deadline } from '../base/timeouts.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { Call } from './conduct.ts'
import type { OwnDelay } from './own-delay.ts'

export type AttemptPhase =
  /** Waiting for a connection. */
  | 'pending'
  /** On a connection. */
  | 'sent'
  /** The response head was passed on. */
  | 'committed'
  | 'over'

export class Attempt {
  readonly call: Call
  readonly endpoint: Endpoint
  /** Counts from 1. */
  readonly number: number
  phase: AttemptPhase = 'pending'
  deadline: Deadline | undefined = undefined
  /** When it was put on a connection; NaN where nobody wants to know. */
  sentAtMs: number = Number.NaN
  ownDelay: OwnDelay | undefined = undefined

  constructor(call: Call, endpoint: Endpoint, number: number) {
    this.call = call
    this.endpoint = endpoint
    this.number = number
  }
}

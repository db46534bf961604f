// What an attempt asks of a selection. A call implements it; explain and tests make their own.
import type { HashKey } from '../balance/picker.ts'
import type { Endpoint } from './endpoint.ts'

export interface Selecting {
  /** Endpoints of earlier attempts, in order. */
  readonly tried: readonly Endpoint[]
  /** Choose again, up to 5 times, when the choice falls on one of them (Envoy previous_hosts). */
  readonly avoidTried: boolean
  /** Leave out the priorities that earlier attempts went to (Envoy previous_priorities). */
  readonly otherPriorities: boolean
  /** What consistent balancers turn on; also picks the priority. */
  readonly hashKey: HashKey | undefined
}

/** A first attempt without a hash. */
export const anyEndpoint: Selecting = { tried: [], avoidTried: false, otherPriorities: false, hashKey: undefined }

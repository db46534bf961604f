// What the surroundings of a call say of it: what it inherits from the request that is being answered, and what code around it has set.
// A contract: core knows nothing of asynchronous context; `context` does.
import type { HeaderLines } from '../route/request-view.ts'

/** How long the caller still waits, in milliseconds: told anew with each attempt, never a time of day. */
export const deadlineHeader = 'x-mesh-deadline-ms'
/** How much the caller minds where something has to be left undone. */
export const criticalityHeader = 'x-mesh-criticality'

/** Whoever follows a call sets these itself. */
export const traceHeaders: readonly string[] = [
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
]

export interface CallScope {
  /** Names, lower case, and values in turn: what calls to hosts of the mesh get, unless they have it. */
  readonly headers: readonly string[]
  /** On the mesh's clock; Infinity: none. */
  readonly deadlineAtMs: number
  /** Undefined: nothing is said. */
  readonly criticality: string | undefined
  /** Of one call; undefined: the route's holds. */
  readonly timeoutMs: number | undefined
  /** The timeout holds also where the route's is shorter. */
  readonly timeoutWins: boolean
  /** False: one attempt, whatever the route says. */
  readonly retries: boolean
  /** Which part of the service answers that the route has chosen (`Cluster.service.variant`); undefined: the one it has chosen. */
  readonly variant: string | undefined
}

/** A request that came in, as far as calls made for it inherit. */
export interface Inbound {
  /** `name` is lower case. */
  header(name: string): HeaderLines
  readonly grpc: boolean
  /** Its answer is out: nobody waits any longer for what is done now. */
  readonly answered: boolean
}

export interface Surroundings {
  /** Of the call that begins now; undefined: nothing is said. */
  current(): CallScope | undefined
  /** Of a request that has just come in: what is returned runs code so that all it starts is surrounded by the request. */
  surround(inbound: Inbound): <T>(next: () => T) => T
}

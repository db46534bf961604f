// The contract between the engine and a traffic door: one Exchange per call, made by the door.
// The engine decides; the door sends, and reports to each Attempt what became of it.
import type { RequestView } from '../route/request-view.ts'
import type { HeaderList } from '../route/header-list.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './conduct.ts'
import type { LocalReply } from './local-reply.ts'
import type { CallSizes } from './observer.ts'

/** What is known of a request's body when the call begins. */
export type BodyState =
  /** The whole request is there. */
  | 'complete'
  /** More will come; the door calls `call.requestEnded()` at its end. */
  | 'streaming'

/** One call as its door sees it. */
export interface Exchange {
  readonly view: RequestView
  readonly body: BodyState
  /** The call that this exchange belongs to; told once, before anything else. */
  attach(call: Call): void
  /** True while the request can be sent again from its beginning. */
  replayable(): boolean
  /**
   * The request's headers, names lower case, without `host`. Asked for once; the engine edits the list, and what the
   * view tells of headers may be as edited from then on.
   */
  takeHeaders(): HeaderList
  /** Send the request to `attempt.endpoint`. Reports come later or at once: `ready`, then `head` or `failed`, then `finished`. */
  start(attempt: Attempt): void
  /** The first line of a header of the response, asked for only while its head is being reported. */
  responseHeader?(attempt: Attempt, name: string): string | undefined
  /** What has passed so far; asked for only where somebody listens. */
  sizes?(): CallSizes
  /** Stop an attempt; it reports nothing more. */
  abort(attempt: Attempt): void
  /** What a gRPC caller is told of a reply, where it is not what Envoy says. */
  grpcStatusOf?(reply: LocalReply): number | undefined
  /** The mesh itself answers; the last thing an exchange hears. */
  reply(reply: LocalReply): void
  /** A response that was already committed breaks off; the last thing an exchange hears. */
  breakOff(error: Error): void
  /** A copy whose answer nobody reads, made when the whole request is there; undefined when it cannot be copied. */
  copy?(target: string, headers: HeaderList, authority: string): Exchange | undefined
}

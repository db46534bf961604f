// One gRPC call as the engine sees it: the messages it can send again, and the caller it answers.
import { Metadata, type StatusObject, status as codes } from '@grpc/grpc-js'
import {
  type Attempt,
  type BodyState,
  type Call,
  type CallSizes,
  type Exchange,
  type Failure,
  getHeader,
  type HeaderList,
  type LocalReply,
  setHeader,
} from '@proxyless/core/spi'
import { CallView } from './call-view.ts'
import { type Caller, Nobody } from './caller.ts'
import { GrpcAttempt } from './grpc-attempt.ts'
import type { GrpcTransport } from './grpc-transport.ts'
import { statusOf } from './local-status.ts'
import { RequestMessages } from './request-messages.ts'
import { legalLines, SentMetadata } from './sent-metadata.ts'
import { hostOf } from './target.ts'

/** Before each message: a flag and its length. */
const prefixBytes = 5

export class GrpcExchange implements Exchange {
  readonly view: CallView
  readonly body: BodyState = 'streaming'
  readonly caller: Caller
  readonly messages: RequestMessages
  /** Messages of the answer that were passed on, and their bytes. */
  responseMessages = 0
  responseBytes = 0
  readonly #transport: GrpcTransport
  #call: Call | undefined
  #begun = false
  #repeated = false
  /** An answer is being passed on. */
  #answered = false
  #current: GrpcAttempt | undefined
  /** Those that a hedged call has not given up. */
  #earlier: GrpcAttempt[] | undefined

  constructor(transport: GrpcTransport, view: CallView, messages: RequestMessages, caller: Caller) {
    this.#transport = transport
    this.view = view
    this.messages = messages
    this.caller = caller
  }

  attach(call: Call): void {
    this.#call = call
  }

  /** The call was handed to the mesh: what the mesh answers from here on is told at once. */
  begun(): void {
    this.#begun = true
    if (this.messages.ended) this.#call?.requestEnded()
  }

  replayable(): boolean {
    return this.messages.replayable
  }

  takeHeaders(): HeaderList {
    return this.view.headers
  }

  start(attempt: Attempt): void {
    const pool = this.#transport.poolOf(attempt)
    const job = new GrpcAttempt(this, attempt, pool)
    const before = this.#current
    if (before !== undefined && before.attempt.phase !== 'over') (this.#earlier ??= []).push(before)
    this.#current = job
    pool.start(job)
  }

  sizes(): CallSizes {
    const { count: requestMessages, totalBytes } = this.messages
    const { responseMessages, responseBytes } = this
    return {
      requestBytes: totalBytes + requestMessages * prefixBytes,
      responseBytes: responseBytes + responseMessages * prefixBytes,
      requestMessages,
      responseMessages,
    }
  }

  abort(attempt: Attempt): void {
    this.#jobOf(attempt)?.stop()
  }

  responseHeader(attempt: Attempt, name: string): string | undefined {
    return this.#jobOf(attempt)?.responseHeader(name)
  }

  grpcStatusOf({ flag }: LocalReply): number | undefined {
    return flag === 'UT' ? this.#transport.timeoutStatus : undefined
  }

  /** Answers made before the call was begun wait a turn: grpc-js' clients hear nothing while they start a call. */
  reply(reply: LocalReply): void {
    const status = statusOf(reply, this.#call)
    if (this.#begun) this.caller.refused(status, reply)
    else setImmediate(() => this.caller.refused(status, reply))
  }

  breakOff({ message }: Error): void {
    this.caller.end({ ...this.timedOut(message), code: this.#call?.grpcStatus ?? codes.DEADLINE_EXCEEDED })
  }

  timedOut(details: string): StatusObject {
    return { code: this.#transport.timeoutStatus, details, metadata: new Metadata() }
  }

  /** The request is whole: it has no mirrors where an answer came before it was. */
  copy(target: string, headers: HeaderList, authority: string): Exchange | undefined {
    const whole = this.messages.whole
    if (whole === undefined) return undefined
    const messages = new RequestMessages({ perCall: Infinity, total: Infinity, used: 0 })
    for (const { bytes, flags } of whole) messages.push(flags === undefined ? {} : { flags }, bytes)
    messages.ended = true
    const view = new CallView(hostOf(authority), this.view.scheme === 'https', target, headers)
    return new GrpcExchange(this.#transport, view, messages, new Nobody(this.caller))
  }

  // ---- the caller speaks ----

  /** More messages are there, or their end. */
  pump(): void {
    this.#current?.pump()
    if (this.#earlier !== undefined) for (const job of this.#earlier) job.pump()
  }

  requestSent(): void {
    this.#call?.requestEnded()
  }

  read(): void {
    this.#current?.read()
    if (this.#earlier !== undefined) for (const job of this.#earlier) job.read()
  }

  /** The caller gave up. @param status what it tells itself */
  cancel(status: number): void {
    this.#call?.cancelled(status)
  }

  get stream(): GrpcAttempt['stream'] {
    return this.#current?.stream
  }

  get keepsDeadline(): boolean {
    return this.#call?.keepsDeadline === true
  }

  get breadcrumb(): string {
    return this.#call?.breadcrumb ?? ''
  }

  // ---- attempts speak ----

  /** What is sent ahead: the headers as edited, with what changes from attempt to attempt. */
  metadataFor({ call, number }: Attempt): Metadata {
    if (number > 1) {
      const { headers } = call.request
      setHeader(headers, 'grpc-previous-rpc-attempts', String(number - 1))
      const { timeout } = this.caller
      if (timeout !== undefined && getHeader(headers, 'grpc-timeout') === this.caller.firstTimeout)
        setHeader(headers, 'grpc-timeout', timeout)
    }
    const { headers } = call.request
    const written = (call.target?.requestPlans.length ?? 0) > 0
    return new SentMetadata(written ? legalLines(headers) : headers.slice(), this.caller.options)
  }

  /** A stream that the server refused was not processed: it is sent once more, whatever the policy (gRFC A6). */
  mayRepeat(failure: Failure): boolean {
    if (failure !== 'refusedStream' || this.#repeated || !this.messages.intact) return false
    this.#repeated = true
    return true
  }

  committed(job: GrpcAttempt): void {
    this.#earlier = undefined
    this.#current = job
    this.#answered = true
    this.messages.stopKeeping()
    this.sent()
  }

  /** Messages that nobody will read again are forgotten; the last one only with the answer, as a server may refuse it whole. */
  sent(): void {
    if (this.#earlier !== undefined || this.#current === undefined) return
    this.messages.sentUntil(this.#answered ? this.#current.position : this.#current.position - 1)
  }

  #jobOf(attempt: Attempt): GrpcAttempt | undefined {
    if (this.#current?.attempt === attempt) return this.#current
    return this.#earlier?.find((job) => job.attempt === attempt)
  }
}

// A traffic door without a wire: each attempt meets the answer that a test wrote for it.
// Counts requests in the cluster's limits as a real door does, and gives them back however the attempt ends.
import type { Clock, TimerHandle } from '../base/clock.ts'
import type { Failure } from '../cluster/verdict.ts'
import type { HeaderList } from '../route/header-list.ts'
import type { HeaderLines, RequestView } from '../route/request-view.ts'
import { viewOf } from '../route/request.suite.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './conduct.ts'
import type { LocalReply } from './local-reply.ts'
import type { BodyState, Exchange } from './transport.ts'

/** What becomes of an attempt. A number is a response of that status, a word a failure. */
export type Answer =
  | number
  | Failure
  /** Is sent and never answered. */
  | 'hangs'
  /** Never gets a connection. */
  | 'waits'
  | {
      readonly status: number
      readonly grpcStatus?: number
      readonly rateLimited?: boolean
      readonly headers?: Readonly<Record<string, string>>
      /** Until the head. */
      readonly afterMs?: number
      /** From the head to the end of the body; Infinity: never. */
      readonly bodyMs?: number
      /** How the body ends, if not well. */
      readonly breaks?: Failure
    }
  | { readonly fails: Failure; readonly afterMs: number }

export interface CallWords {
  readonly method?: string
  readonly headers?: Readonly<Record<string, HeaderLines>>
  /** By attempt; the last one stands for all later ones. Default 200. */
  readonly answers?: readonly Answer[]
  readonly body?: BodyState
  readonly replayable?: boolean
  /** Answers to copies of this call. */
  readonly copyAnswers?: readonly Answer[]
  /** True: attempts may be under way at once. */
  readonly hedges?: boolean
  /** False: the request cannot be copied. */
  readonly copyable?: boolean
}

/** One attempt as it would have gone onto the wire. */
export interface Sent {
  readonly attempt: Attempt
  readonly endpoint: string
  readonly path: string
  readonly authority: string
  readonly headers: HeaderList
  readonly atMs: number
}

interface Flight {
  readonly attempt: Attempt
  sent: boolean
  timer: TimerHandle
}

export class FakeExchange implements Exchange {
  readonly view: RequestView
  readonly body: BodyState
  readonly sent: Sent[] = []
  readonly copies: FakeExchange[] = []
  readonly words: CallWords
  replays: boolean
  /** The mesh's own answer. */
  replied: LocalReply | undefined = undefined
  /** The status that was passed on, if one was. */
  status: number | undefined = undefined
  brokenOff: Error | undefined = undefined
  /** The response was passed on to its end. */
  complete = false
  /** Attempts that the engine stopped. */
  aborted = 0
  readonly #clock: Clock
  readonly #headers: HeaderList
  #call: Call | undefined
  readonly #flights = new Map<Attempt, Flight>()
  #heads: Readonly<Record<string, string>> = {}

  constructor(clock: Clock, view: RequestView, words: CallWords = {}, headers: HeaderList = listOf(words)) {
    this.#clock = clock
    this.view = view
    this.words = words
    this.body = words.body ?? 'complete'
    this.replays = words.replayable ?? true
    this.#headers = headers
  }

  get call(): Call {
    if (this.#call === undefined) throw new Error('this exchange belongs to no call')
    return this.#call
  }

  attach(call: Call): void {
    this.#call = call
  }

  replayable(): boolean {
    return this.replays
  }

  takeHeaders(): HeaderList {
    return this.#headers.slice()
  }

  start(attempt: Attempt): void {
    if (this.words.hedges !== true && this.#flights.size > 0)
      throw new Error('an attempt starts before the one before it has ended')
    const { target: path, authority, headers } = this.call.request
    const { key: endpoint } = attempt.endpoint
    this.sent.push({ attempt, endpoint, path, authority, headers: headers.slice(), atMs: this.#clock.now() })
    const { answers = [200] } = this.words
    this.#meet({ attempt, sent: false, timer: undefined }, answers[Math.min(attempt.number, answers.length) - 1] ?? 200)
  }

  abort(attempt: Attempt): void {
    const flight = this.#flights.get(attempt)
    if (flight === undefined) throw new Error('an attempt is stopped that is not under way')
    this.aborted++
    this.#land(flight)
  }

  responseHeader(_attempt: Attempt, name: string): string | undefined {
    return this.#heads[name]
  }

  reply(reply: LocalReply): void {
    this.#ended()
    this.replied = reply
  }

  breakOff(error: Error): void {
    this.#ended()
    this.brokenOff = error
  }

  copy(target: string, headers: HeaderList, authority: string): FakeExchange | undefined {
    if (this.words.copyable === false) return undefined
    const view = { ...this.view, target, authority }
    const words = this.words.copyAnswers === undefined ? {} : { answers: this.words.copyAnswers }
    const copy = new FakeExchange(this.#clock, view, words, headers)
    this.copies.push(copy)
    return copy
  }

  // ---- what a test does ----

  /** The application gives up. */
  cancel(): void {
    this.call.cancelled()
  }

  /** The last piece of a streaming body is written. */
  finishBody(): void {
    this.call.requestEnded()
  }

  /** The status the application sees. */
  get seen(): number | undefined {
    return this.replied?.status ?? this.status
  }

  header(name: string, attempt = 1): string[] {
    const { headers } = this.sent[attempt - 1] ?? { headers: [] }
    return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name)
  }

  replyHeader(name: string): string | undefined {
    const headers = this.replied?.headers ?? []
    return headers.find((_, i) => i % 2 === 1 && headers[i - 1] === name)
  }

  // ---- an attempt ----

  #meet(flight: Flight, answer: Answer): void {
    const { limits } = flight.attempt.call.cluster!
    this.#flights.set(flight.attempt, flight)
    if (answer === 'waits') {
      if (!limits.tryPending()) this.#fail(flight, 'overflow')
      return
    }
    if (typeof answer === 'string' && answer !== 'hangs' && isBeforeRequest(answer)) return this.#fail(flight, answer)
    if (!limits.tryRequest()) return this.#fail(flight, 'overflow')
    flight.sent = true
    flight.attempt.ready()
    if (answer === 'hangs') return
    if (typeof answer === 'string') return this.#fail(flight, answer)
    const response = typeof answer === 'number' ? { status: answer } : answer
    this.#after(flight, response.afterMs ?? 0, () => {
      if ('fails' in response) this.#fail(flight, response.fails)
      else this.#respond(flight, response)
    })
  }

  #respond(flight: Flight, response: Extract<Answer, { status: number }>): void {
    const { status, grpcStatus, rateLimited = false, bodyMs = 0, breaks } = response
    this.#heads = response.headers ?? {}
    const wanted = flight.attempt.head(status, grpcStatus, rateLimited)
    this.#heads = {}
    // a response that is not wanted leaves the wire before the next attempt is told to start
    if (!wanted) return this.#land(flight)
    this.status = status
    if (bodyMs === Infinity) return
    this.#after(flight, bodyMs, () => {
      this.#land(flight)
      this.complete = breaks === undefined
      flight.attempt.finished(breaks)
    })
  }

  #fail(flight: Flight, failure: Failure): void {
    this.#land(flight)
    flight.attempt.failed(failure, new Error(failure))
  }

  /** The attempt is off the wire. */
  #land(flight: Flight): void {
    if (!this.#flights.delete(flight.attempt)) return
    if (flight.timer !== undefined) this.#clock.clearTimer(flight.timer)
    const limits = flight.attempt.call.cluster?.limits
    if (limits === undefined) return
    if (flight.sent) limits.requests--
    else if (limits.pending > 0) limits.pending--
  }

  #after(flight: Flight, ms: number, deed: () => void): void {
    if (ms === 0 || !this.#flights.has(flight.attempt)) return deed()
    flight.timer = this.#clock.setTimer(ms, deed, true)
  }

  #ended(): void {
    if (this.replied !== undefined || this.brokenOff !== undefined || this.complete)
      throw new Error('an exchange hears more after its end')
  }
}

export function exchangeOf(clock: Clock, url: string, words: CallWords = {}): FakeExchange {
  return new FakeExchange(clock, viewOf(url, words), words)
}

function isBeforeRequest(failure: Failure): boolean {
  return ['connectFailure', 'connectTimeout', 'localConnectFailure', 'overflow'].includes(failure)
}

function listOf({ headers = {} }: CallWords): HeaderList {
  return Object.entries(headers).flatMap(([name, lines]) => [lines ?? []].flat().flatMap((line) => [name, line]))
}

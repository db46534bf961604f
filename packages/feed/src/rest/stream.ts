// The supervisor of `/v1/stream`: `eventsource` reads events, but gives up at any status but 200 and knows no back-off.
// So each connection is an EventSource of its own, and when it is down this file says when the next one begins.
import { EventSource } from 'eventsource'
import type { Clock, Random, TimerHandle } from '@proxyless/core/spi'
import { asTold } from './delays.ts'
import { type Refusal, refusalOf } from './refusal.ts'
import { delayAfter } from './poller.ts'
import { connector, type Connection } from './stream-connection.ts'
import type { FeedClient } from './client.ts'

export interface StreamOptions {
  readonly clock: Clock
  readonly random: Random
  readonly client: FeedClient
  readonly url: URL
  /** Version that the server is told we have; undefined asks for everything. Asked at each connection. */
  readonly begin: () => string | undefined
  /** One event. @throws Refusal when the connection is of no use any more */
  readonly heard: (event: StreamEvent) => void
  /** The connection is down; `final` when there is none to be had. */
  readonly lost: (refusal: Refusal, final: boolean) => void
}

export interface StreamEvent {
  readonly name: string
  readonly data: string
}

/** Three heartbeats. */
const readDeadlineMs = 45_000
/** `message`: a server that names its events in the data only. */
const names = ['intent', 'put', 'delete', 'commit', 'heartbeat', 'changed', 'goodbye', 'message']

export class FeedStream {
  readonly #options: StreamOptions
  #source: EventSource | undefined
  #connection: Connection | undefined
  #deadline: TimerHandle = undefined
  #retry: TimerHandle = undefined
  #failures = 0
  #closed = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, client, url, begin } = this.#options
    const connection = connector({ clock, client, url, version: begin(), alive: () => this.#alive(connection) })
    const source = new EventSource(url, { fetch: connection.fetch })
    this.#connection = connection
    this.#source = source
    this.#alive(connection)
    const heard = (event: MessageEvent): void => this.#heard(source, { name: event.type, data: String(event.data) })
    for (const name of names) source.addEventListener(name, heard)
    // `error` is both: an event of the server's, which has data, and the end of the connection
    source.addEventListener('error', (event) => {
      if (event instanceof MessageEvent) heard(event)
      else this.#down(source, refusalOf(connection.failure ?? new Error(event.message ?? 'the stream ended')))
    })
  }

  /** The transaction is over: what comes next counts anew against the limit. */
  committed(): void {
    this.#connection?.committed()
  }

  /** The stream has brought something to its end: the next failure is the first again. */
  works(): void {
    this.#failures = 0
  }

  /** As the server says: the connection ends, the next one begins after that time. */
  goodbye(retryMs: number): void {
    this.#drop()
    this.#arm(asTold(retryMs))
  }

  close(): void {
    this.#closed = true
    this.#drop()
    this.#options.clock.clearTimer(this.#retry)
  }

  #heard(source: EventSource, event: StreamEvent): void {
    if (this.#source !== source) return
    try {
      this.#options.heard(event)
    } catch (error) {
      this.#down(source, refusalOf(error))
    }
  }

  #alive(connection: Connection): void {
    if (this.#connection !== connection) return
    const { clock } = this.#options
    clock.clearTimer(this.#deadline)
    this.#deadline = clock.setTimer(readDeadlineMs, () => connection.silent(readDeadlineMs), true)
  }

  #down(source: EventSource, refusal: Refusal): void {
    if (this.#source !== source) return
    const final = this.#connection?.isFinal === true
    this.#drop()
    this.#failures++
    this.#arm(delayAfter(refusal, final ? noStreamPace : this.#failures, this.#options.random))
    this.#options.lost(refusal, final)
  }

  #drop(): void {
    const source = this.#source
    this.#source = undefined
    this.#connection = undefined
    this.#options.clock.clearTimer(this.#deadline)
    // not at once: while it tells of an error it has not set its own timer yet, which closing would clear
    queueMicrotask(() => source?.close())
  }

  #arm(delayMs: number): void {
    if (this.#closed) return
    const { clock } = this.#options
    clock.clearTimer(this.#retry)
    this.#retry = clock.setTimer(delayMs, () => this.start(), true)
  }
}

/** As after so many failures: the slowest back-off. */
const noStreamPace = 10

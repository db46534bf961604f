// The feed: the documents in force for meshes that translate them themselves, whole or as a stream of changes.
import type { ServerResponse } from 'node:http'
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import { configRoute } from './config-route.ts'
import type { Editions } from './editions.ts'
import { EventStream } from './event-stream.ts'
import { type HttpRequest, replyError, type Route } from './server.ts'
import { StatusReports } from './status-reports.ts'

export interface FeedOptions {
  readonly clock: Clock
  readonly editions: Editions
}

export interface StreamRecord {
  readonly node: string
  readonly namespace: string
  readonly labels: string
  /** ISO 8601. */
  readonly since: string
}

const heartbeatMs = 15_000
/** How soon clients may come back to a server that closes. */
const retryMs = 1000

export class Feed {
  readonly reports: StatusReports
  readonly routes: readonly Route[]
  readonly #clock: Clock
  readonly #editions: Editions
  readonly #streams = new Map<EventStream, StreamRecord>()
  readonly #closing = new AbortController()
  readonly #stopListening: () => void
  #heartbeat: TimerHandle

  constructor({ clock, editions }: FeedOptions) {
    this.#clock = clock
    this.#editions = editions
    this.reports = new StatusReports(clock)
    const config = configRoute({ clock, editions, closing: this.#closing.signal })
    const handle = (request: HttpRequest, response: ServerResponse): Promise<void> => this.#stream(request, response)
    this.routes = [config, { method: 'GET', path: '/v1/stream', handle }, this.reports.route]
    this.#stopListening = editions.listen((edition) => {
      for (const stream of this.#streams.keys()) stream.offer(edition)
    })
    this.#beat()
  }

  get streams(): readonly StreamRecord[] {
    return [...this.#streams.values()]
  }

  close(): void {
    this.#stopListening()
    this.#clock.clearTimer(this.#heartbeat)
    this.#closing.abort()
    for (const stream of this.#streams.keys()) stream.goodbye(retryMs)
    this.#streams.clear()
  }

  async #stream({ query, header }: HttpRequest, response: ServerResponse): Promise<void> {
    const newest = await this.#editions.newest()
    if (newest === undefined || this.#closing.signal.aborted) {
      response.setHeader('retry-after', '1')
      return replyError(response, 503, 'the documents are not read yet')
    }
    const basis = header('last-event-id') ?? query.get('basis') ?? ''
    const stream = new EventStream(response, this.#editions.find(basis))
    const record = {
      node: query.get('node') ?? '',
      namespace: query.get('namespace') ?? '',
      labels: query.get('labels') ?? '',
      since: new Date(this.#clock.wallNow()).toISOString(),
    }
    this.#streams.set(stream, record)
    response.on('close', () => this.#streams.delete(stream))
    stream.begin(newest)
  }

  #beat(): void {
    this.#heartbeat = this.#clock.setTimer(
      heartbeatMs,
      () => {
        for (const stream of this.#streams.keys()) stream.heartbeat()
        this.#beat()
      },
      true,
    )
  }
}

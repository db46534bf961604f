// xDS by polling: each kind of resource is asked for by POST of a DiscoveryRequest in JSON, as Envoy does it (REST-JSON).
// To the client it is a stream of the state of the world: what it says is the next question, what is answered a message.
import type { Clock, Random } from '@proxyless/core/spi'
import { DiscoveryRequest, DiscoveryResponse } from '../generated/envoy/service/discovery/v3/discovery.ts'
import type { JsonMessages, JsonValue } from '../json/messages.ts'
import { type Kind, kindOf } from '../stream/kinds.ts'
import type { AdsStream, AdsTransport, StreamEvents } from '../stream/transport.ts'
import { Poller, type PollerWorld } from './poller.ts'
import type { Post } from './post.ts'

const paths: Readonly<Record<Kind, string>> = {
  listener: '/v3/discovery:listeners',
  route: '/v3/discovery:routes',
  cluster: '/v3/discovery:clusters',
  endpoints: '/v3/discovery:endpoints',
}
const requestName = 'envoy.service.discovery.v3.DiscoveryRequest'
const responseName = 'envoy.service.discovery.v3.DiscoveryResponse'

export interface RestTransportOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly server: string
  readonly post: Post
  readonly clock: Clock
  readonly random: Random
  /** Between two polls; up to as much again is added by chance. */
  readonly pollMs: number
  /** How long an answer is waited for. Default 1 s. */
  readonly timeoutMs?: number
}

export class RestTransport implements AdsTransport {
  readonly #options: RestTransportOptions

  constructor(options: RestTransportOptions) {
    this.#options = options
  }

  get server(): string {
    return this.#options.server
  }

  open(_method: string, events: StreamEvents): AdsStream {
    return new RestStream(this.#options, events)
  }

  close(): void {
    // between two polls there is nothing
  }
}

class RestStream implements AdsStream {
  readonly #options: RestTransportOptions
  readonly #events: StreamEvents
  readonly #pollers = new Map<Kind, Poller>()
  #node: DiscoveryRequest['node']
  #live = true

  constructor(options: RestTransportOptions, events: StreamEvents) {
    this.#options = options
    this.#events = events
    queueMicrotask(() => {
      if (this.#live) events.opened()
    })
  }

  /** Said once on a stream, asked with every poll. */
  send(bytes: Uint8Array): void {
    const request = DiscoveryRequest.decode(bytes)
    const kind = kindOf(request.typeUrl)
    if (kind === undefined) return
    this.#node = request.node ?? this.#node
    const poller = this.#pollers.get(kind) ?? new Poller(this.#worldOf(kind))
    this.#pollers.set(kind, poller)
    poller.ask({ ...request, node: this.#node, responseNonce: '', errorDetail: undefined })
  }

  close(): void {
    this.#live = false
    for (const poller of this.#pollers.values()) poller.close()
  }

  #worldOf(kind: Kind): PollerWorld {
    const { clock, random, pollMs, timeoutMs = 1000 } = this.#options
    return {
      clock,
      timeoutMs,
      pauseMs: () => pollMs * (1 + random.uint32() / 2 ** 32),
      exchange: (request, signal) => this.#exchange(kind, request, signal),
      answered: (response, next) => this.#events.message(DiscoveryResponse.encode(response).finish(), next),
      failed: (reason) => this.#failed(reason),
    }
  }

  /** Undefined: nothing has changed. */
  async #exchange(kind: Kind, request: DiscoveryRequest, signal: AbortSignal): Promise<DiscoveryResponse | undefined> {
    const messages = await loadMessages()
    const question = messages.toJson(requestName, DiscoveryRequest.encode(request).finish())
    const { status, body } = await this.#options.post(paths[kind], JSON.stringify(question), signal)
    if (status === 304) return undefined
    if (status !== 200) throw new Error(`${paths[kind]} answered ${status}`)
    const response = DiscoveryResponse.decode(messages.toBytes(responseName, JSON.parse(body) as JsonValue))
    return { ...response, typeUrl: response.typeUrl || request.typeUrl }
  }

  /** While one kind is answered the others are asked again; when none is, the stream has ended. */
  #failed(reason: string): void {
    const asked = [...this.#pollers.values()].filter((poller) => poller.active)
    if (!this.#live || asked.some((poller) => poller.works)) return
    this.close()
    this.#events.ended(reason)
  }
}

async function loadMessages(): Promise<JsonMessages> {
  const { jsonMessages } = await import('../json/messages.ts')
  return jsonMessages()
}

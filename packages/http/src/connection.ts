// One connection: a socket opened here and an undici Client that speaks HTTP on it. Never reconnects by itself.
import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import type { ConnectionPool, UpstreamProtocol } from '@proxyless/core/spi'
import { ConnectionGone } from './failure.ts'

export class Connection {
  readonly socket: Socket
  /** Connections of one lane are alike: plain, or TLS with the same server name. */
  readonly lane: string
  /** The Host that is sent when a request brings none. */
  readonly authority: string
  readonly openedAtMs: number
  readonly capacity: number
  readonly #client: Client
  active = 0
  served = 0
  /** It stands in its pool's free list. */
  listed = false

  constructor(
    socket: Socket,
    lane: string,
    authority: string,
    secure: boolean,
    pool: ConnectionPool,
    protocol: UpstreamProtocol,
    nowMs: number,
  ) {
    this.socket = socket
    this.lane = lane
    this.openedAtMs = nowMs
    this.capacity = protocol === 'http2' ? pool.maxConcurrentStreams : 1
    const url = new URL(`${secure ? 'https' : 'http'}://${authority}`)
    this.authority = url.host
    this.#client = new Client(url.origin, {
      connect: this.#handOver(),
      pipelining: this.capacity,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: Math.max(1, pool.idleTimeoutMs),
      keepAliveMaxTimeout: Math.max(1, pool.idleTimeoutMs),
      ...(protocol === 'http2' ? { allowH2: true, maxConcurrentStreams: this.capacity } : {}),
    })
  }

  /** It carries several requests at a time. */
  get multiplexes(): boolean {
    return this.capacity > 1
  }

  /** No more requests fit, now or ever. */
  get full(): boolean {
    return this.active >= this.capacity
  }

  get closed(): boolean {
    return this.socket.destroyed
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler)
  }

  /** Lets what is under way finish, then closes. */
  close(): void {
    this.#client.close().then(
      () => this.socket.destroy(),
      () => this.socket.destroy(),
    )
  }

  destroy(): void {
    this.#client.destroy().catch(() => undefined)
    this.socket.destroy()
  }

  /** undici asks for a connection once; a second time means that the socket is gone. */
  #handOver(): (options: unknown, callback: (...result: [null, Socket] | [Error, null]) => void) => void {
    let given = false
    return (_options, callback) => {
      if (given || this.socket.destroyed) {
        callback(new ConnectionGone(), null)
        return
      }
      given = true
      // not at once: undici does not go on from within its own call
      queueMicrotask(() => callback(null, this.socket))
    }
  }
}

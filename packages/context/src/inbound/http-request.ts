// A request of node:http or node:http2 as calls inherit of it.
import type { IncomingHttpHeaders } from 'node:http'
import { type HeaderLines, type Inbound, isGrpcType } from '@proxyless/core/spi'

/** As much as is asked of what answers it: a ServerResponse, or a stream of http2. */
export interface Answering {
  readonly writableEnded: boolean
}

export class HttpRequest implements Inbound {
  readonly #headers: IncomingHttpHeaders
  readonly #answering: Answering

  constructor(headers: IncomingHttpHeaders, answering: Answering) {
    this.#headers = headers
    this.#answering = answering
  }

  header(name: string): HeaderLines {
    return this.#headers[name]
  }

  get grpc(): boolean {
    return isGrpcType(this.#headers['content-type'])
  }

  /** Ended by the application; that the client has gone is no answer. */
  get answered(): boolean {
    return this.#answering.writableEnded
  }
}

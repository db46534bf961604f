// The HTTP server of every Bookinfo service: answers by a handler, and misbehaves by order.
// Knows nothing of books or meshes.
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Order } from './messages.ts'

export interface ServiceRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body: string | object
}

export type Handler = (request: ServiceRequest) => Reply | Promise<Reply>

export class HttpService {
  readonly #server: Server
  #handler: Handler
  #failing: number | null = null
  #delayMs = 0

  constructor(handler: Handler) {
    this.#handler = handler
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  set handler(handler: Handler) {
    this.#handler = handler
  }

  /** Resolves with the port; 0 asks for any free one. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  obey({ fail, delayMs, crash }: Order): void {
    if (crash === true) process.kill(process.pid, 'SIGKILL')
    if (fail !== undefined) this.#failing = fail
    if (delayMs !== undefined) this.#delayMs = delayMs
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    if (this.#delayMs > 0) await delay(this.#delayMs)
    const { status, headers, body } = await this.#answer(request)
    const json = typeof body !== 'string'
    response.writeHead(status, { ...(json && { 'content-type': 'application/json' }), ...headers })
    response.end(json ? JSON.stringify(body) : body)
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    if (this.#failing !== null) return { status: this.#failing, body: { error: 'failing by order' } }
    const url = new URL(request.url ?? '/', 'http://localhost')
    try {
      return await this.#handler({ path: url.pathname, query: url.searchParams, headers: request.headers })
    } catch (error) {
      return { status: 500, body: { error: String(error) } }
    }
  }
}

// The inner end of node:http's requests: Node's own parser reads what its client wrote, and each request becomes a call.
// So requests through node:http get all that fetch gets, retries after a response included. One per mesh; listens nowhere.
import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { unmeshed } from '@proxyless/core/spi'
import type { DispatchView } from '../dispatch-view.ts'
import { HttpExchange } from '../http-exchange.ts'
import type { HttpTransport } from '../http-transport.ts'
import { incomingView } from './incoming-view.ts'
import { LoopSocket } from './loop-socket.ts'
import { ResponseCaller } from './response-caller.ts'

/** The client has limited what it sends by its own rules. */
const maxHeaderSize = 1_048_576

export class LoopServer {
  readonly #transport: HttpTransport
  readonly #server: Server

  constructor(transport: HttpTransport) {
    this.#transport = transport
    this.#server = createServer(
      { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, maxHeaderSize, requireHostHeader: false },
      (request, response) => this.#serve(request, response, null),
    )
    // nobody serves here: whoever watches servers is not meant, nor whoever patches what servers emit
    Object.assign(this.#server, { [unmeshed]: true, emit: EventEmitter.prototype['emit'] })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head)
      const response = new ServerResponse(request)
      response.assignSocket(socket as never)
      // an answer instead of another protocol is the last thing on this connection
      response.shouldKeepAlive = false
      response.once('finish', () => socket.end())
      this.#serve(request, response, request.headers.upgrade ?? '')
    })
  }

  /** A connection as node:http's client wants one. */
  connect(host: string, port: number, secure: boolean): LoopSocket {
    const [near, far] = LoopSocket.pair(host, port, secure)
    far.on('error', () => undefined)
    this.#server.emit('connection', far)
    return near
  }

  #serve(request: IncomingMessage, response: ServerResponse, upgrade: string | null): void {
    const socket = request.socket as unknown as LoopSocket
    const view: DispatchView = incomingView(request, {
      scheme: socket.encrypted ? 'https' : 'http',
      hostname: socket.remoteAddress,
      port: socket.remotePort,
    })
    const { method, target: path } = view
    const options = { method, path, body: hasBody(request) ? request : null, upgrade } as never
    const exchange = new HttpExchange(this.#transport, view, options, new ResponseCaller(response, socket))
    socket.inCaller(() => exchange.begin())
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

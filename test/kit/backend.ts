// A real server on a loopback port that records what it receives and answers as told, misbehaviour included.
// For tests; HTTP/1.1 unless told otherwise.
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TlsFiles } from './certificates.ts'

export interface Received {
  readonly method: string
  readonly url: string
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
  readonly body: string
  /** First value of a header; names without regard to case. */
  header(name: string): string | undefined
}

/** What to do with a request; the default is an empty 200. */
export interface Answer {
  readonly status?: number
  /** Names and values in turn. */
  readonly headers?: readonly string[]
  readonly body?: string
  /** Waited for before anything is sent. */
  readonly after?: Promise<unknown>
  /**
   * `hang`: never answer; `close`: end the connection before answering; `reset`: the same with a TCP reset;
   * `half`: send head and half of the body, then reset; `half-hang`: the same, then nothing.
   */
  readonly instead?: 'hang' | 'close' | 'reset' | 'half' | 'half-hang'
}

type Handler = (request: Received) => Answer | Promise<Answer>

export interface BackendOptions {
  readonly handler?: Handler
  /** Sent back as the header `x-backend`. */
  readonly name?: string
  readonly protocol?: 'http1' | 'http2' | 'https'
  /** For `https`: the server's own files. */
  readonly tls?: TlsFiles
  /** 0: any free port. */
  readonly port?: number
  /** Another address of loopback. Default 127.0.0.1. */
  readonly host?: string
}

export interface Backend {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly authority: string
  readonly url: string
  readonly requests: readonly Received[]
  /** Connections that are open now. */
  readonly connections: number
  /** Connections that were ever opened. */
  readonly accepted: number
  /** These answers come first, one request each; then the handler is asked again. */
  answerNext(...answers: readonly Answer[]): void
  /** Destroys all connections but keeps listening. */
  dropConnections(): void
  /** Stops listening and destroys all connections. */
  close(): Promise<void>
}

export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const backend = new RecordingBackend(options)
  await backend.listen(options.port ?? 0)
  return backend
}

/** Starts several at once, named `a`, `b`, ... unless named. */
export function startBackends(names: readonly string[], options: BackendOptions = {}): Promise<Backend[]> {
  return Promise.all(names.map((name) => startBackend({ ...options, name })))
}

type Incoming = IncomingMessage | Http2ServerRequest
type Outgoing = ServerResponse | Http2ServerResponse

class RecordingBackend implements Backend {
  readonly name: string
  readonly host: string
  readonly #handler: Handler
  readonly #server: Server
  readonly #scheme: string

  port = 0
  accepted = 0
  readonly requests: Received[] = []
  readonly #sockets = new Set<Socket>()
  readonly #scripted: Answer[] = []

  constructor({ handler = () => ({}), name = 'backend', protocol = 'http1', tls, host = '127.0.0.1' }: BackendOptions) {
    this.host = host
    this.name = name
    this.#handler = handler
    this.#scheme = protocol === 'https' ? 'https' : 'http'
    const listener = (request: Incoming, response: Outgoing): void => void this.#serve(request, response)
    if (protocol === 'https') this.#server = createTlsServer(tls ?? {}, listener)
    else if (protocol === 'http2') this.#server = createHttp2Server(listener)
    else this.#server = createServer({ keepAliveTimeout: 60_000 }, listener)
    this.#server.on('connection', (socket: Socket) => {
      this.accepted++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
    })
  }

  get authority(): string {
    return `${this.host}:${this.port}`
  }

  get url(): string {
    return `${this.#scheme}://${this.authority}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, this.host, resolve)
    })
    this.port = (this.#server.address() as AddressInfo).port
  }

  answerNext(...answers: readonly Answer[]): void {
    this.#scripted.push(...answers)
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.dropConnections()
    await closed
  }

  async #serve(request: Incoming, response: Outgoing): Promise<void> {
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const received = await receive(request)
    if (received === undefined) return
    this.requests.push(received)
    const answer = this.#scripted.shift() ?? (await this.#handler(received))
    await answer.after
    this.#reply(request, response, answer)
  }

  #reply(request: Incoming, response: Outgoing, { status = 200, headers = [], body = '', instead }: Answer): void {
    if (instead === 'hang') return
    if (instead === 'close') return void request.socket.destroy()
    if (instead === 'reset') return reset(request, response)
    response.statusCode = status
    for (let index = 0; index < headers.length; index += 2) append(response, headers[index], headers[index + 1])
    append(response, 'x-backend', this.name)
    if (instead === 'half' || instead === 'half-hang') {
      response.setHeader('content-length', Math.max(2, body.length * 2))
      const part = body === '' ? '.' : body
      // the two kinds of response agree on this call, but not in its type
      if ('stream' in response) response.write(part)
      else response.write(part)
      if (instead === 'half') setImmediate(() => reset(request, response))
    } else {
      response.end(body)
    }
  }
}

/** Undefined when the client went away before its body was there. */
async function receive(request: Incoming): Promise<Received | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  const headers = request.rawHeaders
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers,
    body: Buffer.concat(chunks).toString(),
    header: (name) => valueOf(headers, name),
  }
}

function valueOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name.toLowerCase()) return headers[index + 1]
  }
  return undefined
}

function append(response: Outgoing, name = '', value = ''): void {
  const before = response.getHeader(name)
  response.setHeader(name, before === undefined ? value : [before, value].flat().map(String))
}

function reset(request: Incoming, response: Outgoing): void {
  if ('stream' in response) response.stream.close(2)
  else request.socket.resetAndDestroy()
}

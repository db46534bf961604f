// One HTTP call as the engine sees it: the request it can send again, and the caller it answers.
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import {
  type Attempt,
  type BodyState,
  type Call,
  type CallSizes,
  type Exchange,
  type HeaderList,
  type LocalReply,
  nameBits,
  type RequestView,
} from '@proxyless/core/spi'
import type { Caller } from './caller.ts'
import type { Connection } from './connection.ts'
import type { DispatchView } from './dispatch-view.ts'
import { type RawHeaders, rawOfList } from './headers.ts'
import { HttpAttempt } from './http-attempt.ts'
import type { HttpTransport } from './http-transport.ts'
import { Leash } from './leash.ts'
import { ReplayBody } from './replay-body.ts'
import { StreamedBlob } from './streamed-blob.ts'

export class HttpExchange implements Exchange {
  readonly view: RequestView
  readonly body: BodyState
  readonly caller: Caller
  readonly upgrade: string | null
  /** The application's own limits, in milliseconds; 0: none but the mesh's. */
  readonly headersTimeout: number
  readonly bodyTimeout: number
  /** Of the answer that is passed on. */
  responseBytes = 0
  readonly #headers: HeaderList
  readonly #transport: HttpTransport
  readonly #given: unknown
  readonly #stream: ReplayBody | undefined
  readonly #leash: Leash
  #call: Call | undefined
  #begun = false
  #cancelled = false
  #current: HttpAttempt | undefined
  /** Those that a hedged call has not given up. */
  #earlier: HttpAttempt[] | undefined

  constructor(transport: HttpTransport, view: DispatchView, options: Dispatcher.DispatchOptions, caller: Caller) {
    this.#transport = transport
    this.view = view
    this.caller = caller
    this.upgrade = typeof options.upgrade === 'string' ? options.upgrade : null
    this.headersTimeout = options.headersTimeout ?? 0
    this.bodyTimeout = options.bodyTimeout ?? 0
    this.#headers = view.headers
    this.#leash = new Leash(this)
    const body: unknown = options.body
    const streamed = isStreamed(body)
    // over HTTP/2 undici never ends a stream whose length is said to be nothing
    const empty = streamed && view.header('content-length') === '0'
    this.#given = empty ? null : body
    this.#stream =
      streamed && !empty ? new ReplayBody(body, transport.maxReplayBytes, () => this.#call?.requestEnded()) : undefined
    this.body = this.#stream === undefined ? 'complete' : 'streaming'
  }

  /** Sets out, unless its caller gives up at once. */
  begin(): void {
    try {
      this.caller.start(this.#leash.pull)
    } catch (error) {
      this.fail(error as Error)
    }
    if (!this.#leash.loose) this.#transport.mesh.call(this)
    // from here on the caller hears at once
    this.#begun = true
  }

  attach(call: Call): void {
    this.#call = call
  }

  replayable(): boolean {
    return this.#stream === undefined || this.#stream.replayable
  }

  takeHeaders(): HeaderList {
    return this.#headers
  }

  start(attempt: Attempt): void {
    const pool = this.#transport.poolOf(attempt)
    const job = new HttpAttempt(this, attempt, pool)
    const before = this.#current
    if (before !== undefined && before.attempt.phase !== 'over') (this.#earlier ??= []).push(before)
    this.#current = job
    pool.start(job)
  }

  sizes(): CallSizes {
    const requestBytes = this.#stream?.bytes ?? sizeOf(this.#given)
    return { requestBytes, responseBytes: this.responseBytes, requestMessages: 0, responseMessages: 0 }
  }

  abort(attempt: Attempt): void {
    this.#jobOf(attempt)?.stop(new Error('the mesh has ended this attempt'))
  }

  responseHeader(attempt: Attempt, name: string): string | undefined {
    return this.#jobOf(attempt)?.responseHeader(name)
  }

  #jobOf(attempt: Attempt): HttpAttempt | undefined {
    if (this.#current?.attempt === attempt) return this.#current
    return this.#earlier?.find((job) => job.attempt === attempt)
  }

  /** The caller gave up. */
  cancel(reason: Error): void {
    this.#cancelled = true
    this.#call?.cancelled()
    this.caller.error(reason)
    this.#stream?.drop()
  }

  /** The answer has ended. */
  end(trailers: RawHeaders): void {
    this.#leash.letGo()
    try {
      this.caller.end(trailers)
    } catch (error) {
      this.caller.error(error as Error)
    }
    this.#stream?.drop()
  }

  /** There is no answer, or no more of it. */
  fail(reason: Error): void {
    this.#leash.letGo()
    this.caller.error(reason)
    this.#stream?.drop()
  }

  /** Answers made before that wait a turn: a loop of calls that the mesh answers itself must not hold the event loop. */
  reply(reply: LocalReply): void {
    if (this.#begun) this.#tell(reply)
    else setImmediate(() => this.#tell(reply))
  }

  #tell(reply: LocalReply): void {
    if (this.#cancelled) return
    const call = this.#call
    if (reply.code !== undefined && call !== undefined && this.#transport.throwsLocalReplies) {
      this.fail(this.#transport.mesh.error(call, reply))
      return
    }
    deliver(this, reply, call)
    // now, for the caller may never read the answer
    this.#stream?.drop()
  }

  breakOff(error: Error): void {
    this.fail(error)
  }

  copy(target: string, headers: HeaderList, authority: string): Exchange | undefined {
    const body = this.#stream === undefined ? this.#given : this.#stream.whole
    if (body === undefined && this.#stream !== undefined) return undefined
    const { scheme, hostname, port, method } = this.view
    const view: DispatchView = {
      scheme,
      hostname,
      port,
      method,
      target,
      authority,
      headers,
      headerBits: nameBits(headers),
      header: (name) => this.view.header(name),
    }
    return new HttpExchange(
      this.#transport,
      view,
      { path: target, method, body: body ?? null } as Dispatcher.DispatchOptions,
      new Nobody(),
    )
  }

  sawHead(raw: RawHeaders): void {
    if (this.#transport.looking) this.#transport.look(raw)
  }

  /** The body for an attempt: from its beginning every time. */
  bodyFor(connection: Connection): unknown {
    if (this.#stream === undefined) return this.#given
    return connection.multiplexes ? new StreamedBlob(this.#stream) : this.#stream
  }

  /** What the application's own body stream threw. */
  get bodyFailure(): Error | undefined {
    const failure = this.#stream?.failure
    if (failure === undefined || failure instanceof Error) return failure
    return new Error('the request body stream failed', { cause: failure })
  }
}

/** Strings, buffers, blobs and forms can be sent again as they are; whatever else can be iterated is a stream. */
function isStreamed(body: unknown): body is AsyncIterable<Uint8Array> {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return false
  const tag = (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]
  if (tag === 'FormData' || tag === 'Blob' || tag === 'File') return false
  return Symbol.asyncIterator in body || Symbol.iterator in body
}

/** 0 for forms, whose size only undici finds. */
function sizeOf(body: unknown): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (typeof body !== 'object' || body === null) return 0
  const { byteLength, size } = body as { byteLength?: unknown; size?: unknown }
  return Number(byteLength ?? size ?? 0)
}

function deliver(exchange: HttpExchange, reply: LocalReply, call: Call | undefined): void {
  const { caller } = exchange
  const { method } = exchange.view
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : Buffer.from(reply.body)
  const headers = reply.headers
  if (body.length > 0 && !headers.includes('content-type')) headers.push('content-type', 'text/plain')
  if (body.length > 0 || (method !== 'HEAD' && reply.status !== 204))
    headers.push('content-length', String(body.length))
  if (reply.code !== undefined) {
    headers.push('x-mesh-response-flags', call?.flags ?? '-', 'x-mesh-response-details', reply.details)
    if (call !== undefined) headers.push('x-mesh-breadcrumb', call.breadcrumb.replace(/[^ -~]/g, '?'))
  }
  try {
    let rest: (() => void) | undefined = () => {
      rest = undefined
      if (body.length > 0 && method !== 'HEAD') caller.data(body)
      exchange.end([])
    }
    if (caller.head(reply.status, rawOfList(headers), () => rest?.(), '')) rest()
  } catch (error) {
    exchange.fail(error instanceof Error ? error : new Error(String(error)))
  }
}

/** Who reads the answer to a copy. */
class Nobody implements Caller {
  start(): void {
    // copies cannot be aborted
  }

  head(_status: number, _raw: RawHeaders): boolean {
    return true
  }

  data(): boolean {
    return true
  }

  end(): void {
    // the answer to a copy is thrown away
  }

  error(): void {
    // and so is its failure
  }

  upgrade(_status: number, _raw: RawHeaders, socket: Duplex): void {
    socket.destroy()
  }

  firstByte(): void {
    // nobody waits for it
  }
}

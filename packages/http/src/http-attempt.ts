// One attempt on the wire: waits in a pool, goes onto a connection, and turns undici's events into reports to the call.
// It is itself the handler that undici 7 calls; undici 8 is served through new-handler.
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type Attempt, type Failure, loadReportHeader, tlsFor, unfitHeader } from '@proxyless/core/spi'
import type { OldHandler } from './caller.ts'
import type { Connection } from './connection.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import { ConnectionGone, isCallerMistake, requestFailureOf } from './failure.ts'
import { listOfRaw, rawHeader, type RawHeaders, rawOfList } from './headers.ts'
import type { HttpExchange } from './http-exchange.ts'
import { handlerFor } from './new-handler.ts'

/** A discarded response is read to its end when it is at most so long, so that its connection can be used again. */
const drainLimit = 65_536
const plain = {}

export class HttpAttempt implements OldHandler {
  readonly exchange: HttpExchange
  readonly attempt: Attempt
  readonly lane: string
  readonly secure: boolean
  readonly serverName: string | undefined
  readonly authority: string
  readonly #pool: EndpointPool
  #connection: Connection | undefined = undefined
  #abort: ((reason?: Error) => void) | undefined = undefined
  #written = false
  /** Only while it is being reported. */
  #head: RawHeaders | undefined = undefined
  /** Part of a final response has come. */
  #begun = false
  #phase: 'open' | 'forwarding' | 'discarding' | 'over' = 'open'

  constructor(exchange: HttpExchange, attempt: Attempt, pool: EndpointPool) {
    this.exchange = exchange
    this.attempt = attempt
    this.#pool = pool
    const { call } = attempt
    const { tls, unavailable } = tlsFor(call.cluster?.model ?? plain, attempt.endpoint.model)
    this.authority = call.request.authority
    this.secure = tls !== undefined || unavailable !== undefined || call.view.scheme === 'https'
    this.serverName = this.secure ? (tls?.serverName ?? hostForSni(call.request.authority)) : undefined
    this.lane = this.secure ? `tls ${this.serverName ?? ''}` : ''
  }

  /** The pool has a connection: write the request. */
  send(connection: Connection, last: boolean): void {
    this.#connection = connection
    const { call } = this.attempt
    this.attempt.ready()
    const headers = call.request.headers
    const options = {
      path: call.request.target,
      method: call.view.method,
      headers: connection.authority === this.authority ? headers : ['host', this.authority, ...headers],
      body: this.exchange.bodyFor(connection),
      // undici would keep others waiting behind it; whether it is sent again is the mesh's to say
      idempotent: true,
      upgrade: this.exchange.upgrade,
      servername: this.serverName,
      headersTimeout: this.exchange.headersTimeout,
      bodyTimeout: this.exchange.bodyTimeout,
      reset: last,
    }
    const { trace } = this.attempt
    if (trace === undefined) connection.dispatch(options as Dispatcher.DispatchOptions, handlerFor(this))
    else trace.within(() => connection.dispatch(options as Dispatcher.DispatchOptions, handlerFor(this)))
  }

  /** The attempt ended before a connection carried it. */
  failed(failure: Failure, cause: unknown): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.attempt.failed(failure, cause)
  }

  /** The call wants no more of this attempt. */
  stop(reason: Error): void {
    if (this.#phase === 'over') return
    if (this.#connection === undefined) {
      this.#phase = 'over'
      this.#pool.remove(this)
      return
    }
    this.#phase = 'discarding'
    if (this.#abort === undefined) this.#stopReason = reason
    else this.#abort(reason)
  }

  #stopReason: Error | undefined = undefined

  responseHeader(name: string): string | undefined {
    return this.#head === undefined ? undefined : rawHeader(this.#head, name)
  }

  // ---- undici speaks ----

  onConnect(abort: (reason?: Error) => void): void {
    this.#written = true
    this.#abort = abort
    if (this.#stopReason !== undefined) abort(this.#stopReason)
  }

  onResponseStarted(): void {
    this.#begun = true
    if (this.#phase === 'open') this.exchange.caller.firstByte()
  }

  onHeaders(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean {
    if (this.#phase !== 'open') return true
    if (status < 200) {
      this.#begun = false
      return this.exchange.caller.head(status, raw, resume, statusText)
    }
    this.exchange.sawHead(raw)
    const grpcStatus = rawHeader(raw, 'grpc-status')
    const limited = rawHeader(raw, 'x-envoy-ratelimited') !== undefined
    const { call } = this.attempt
    if (call.cluster?.wantsHeads === true) this.#readHead(raw)
    this.#head = raw
    const wanted = this.attempt.head(status, grpcStatus === undefined ? undefined : Number(grpcStatus), limited)
    this.#head = undefined
    if (!wanted) {
      this.#discard(raw)
      return true
    }
    this.#phase = 'forwarding'
    return this.exchange.caller.head(status, this.#edited(raw), resume, statusText)
  }

  onData(chunk: Buffer): boolean {
    if (this.#phase !== 'forwarding') return true
    this.exchange.responseBytes += chunk.length
    return this.exchange.caller.data(chunk)
  }

  onComplete(trailers: RawHeaders): void {
    const forwarded = this.#phase === 'forwarding'
    this.#leaveSoon()
    if (!forwarded) return
    if (this.attempt.call.grpc) this.#readTrailers(trailers)
    this.attempt.finished()
    this.exchange.end(trailers)
  }

  onError(error: Error): void {
    const phase = this.#phase
    this.#leaveSoon()
    if (phase === 'over' || phase === 'discarding') return
    const { call } = this.attempt
    const mistake = this.exchange.bodyFailure ?? (isCallerMistake(error) ? error : undefined)
    if (mistake !== undefined) {
      call.cancelled()
      this.exchange.fail(mistake)
    } else if (phase === 'forwarding') {
      this.attempt.finished(this.#failureOf(error))
      this.exchange.fail(error)
    } else if (error instanceof ConnectionGone && !this.#written) {
      this.#again()
    } else {
      this.attempt.failed(this.#failureOf(error), error)
    }
  }

  onUpgrade(status: number, raw: RawHeaders, socket: Duplex): void {
    if (this.#phase !== 'open' || !this.attempt.head(status, undefined, false)) {
      socket.destroy()
      this.#leaveSoon()
      return
    }
    this.#phase = 'forwarding'
    // one active request and one connection for as long as the socket lives
    socket.once('close', () => {
      this.#leaveSoon()
      this.attempt.finished()
    })
    this.exchange.caller.upgrade(status, this.#edited(raw), socket)
  }

  /** In HTTP/1.1 a response that has begun and does not end breaks the protocol, as in Envoy. */
  #failureOf(error: Error): Failure {
    const failure = requestFailureOf(error)
    const whole = !this.#begun || this.attempt.call.cluster?.model.protocol === 'http2'
    return failure === 'connectionTermination' && !whole ? 'protocolError' : failure
  }

  /** Nothing of it was written: another connection of the same endpoint takes it. */
  #again(): void {
    this.#phase = 'open'
    this.#connection = undefined
    this.#abort = undefined
    this.attempt.unready()
    this.#pool.start(this)
  }

  /** What endpoints say of themselves beside their answer. */
  #readHead(raw: RawHeaders): void {
    const report = rawHeader(raw, loadReportHeader)
    if (report !== undefined) this.attempt.loadReported(report)
    if (rawHeader(raw, unfitHeader) !== undefined) this.attempt.unfit()
  }

  #readTrailers(trailers: RawHeaders): void {
    const grpcStatus = rawHeader(trailers, 'grpc-status')
    if (grpcStatus !== undefined) this.attempt.call.grpcStatus = Number(grpcStatus)
  }

  #discard(raw: RawHeaders): void {
    this.#phase = 'discarding'
    const length = Number(rawHeader(raw, 'content-length') ?? Number.NaN)
    if (!(length <= drainLimit)) this.#abort?.(new Error('the response is not used: the call is retried'))
  }

  /** In a microtask: undici may still close the socket after it has told the end. */
  #leaveSoon(): void {
    const connection = this.#connection
    if (this.#phase === 'over' || connection === undefined) return
    this.#phase = 'over'
    queueMicrotask(() => this.#pool.release(connection))
  }

  #edited(raw: RawHeaders): RawHeaders {
    const plans = this.attempt.call.responseEdits
    if (plans.length === 0) return raw
    const list = listOfRaw(raw)
    for (const level of plans) level.apply(list, this.attempt.call.request)
    return rawOfList(list)
  }
}

/** Server name for TLS: the host without port; none for IP addresses. */
function hostForSni(authority: string): string | undefined {
  const host = authority.replace(/:\d+$/, '')
  return host.startsWith('[') || /^[\d.]+$/.test(host) ? undefined : host
}

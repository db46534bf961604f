// One attempt on the wire: waits in a pool, goes onto a connection, sends the request's messages one by one,
// and turns grpc-js' events into reports to the call.
import { type Metadata, type StatusObject, status as codes } from '@grpc/grpc-js'
import { type Attempt, type Failure, loadReportHeader, unfitHeader } from '@proxyless/core/spi'
import type { CallStream } from './call-stream.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import { breakOf, endingOf, isGrpc } from './failure.ts'
import type { GrpcExchange } from './grpc-exchange.ts'
import { Hearer, type Hearing } from './hearer.ts'
import type { Lane } from './lane.ts'
import type { Line, LineJob, LineWatcher } from './line.ts'
import { appendMetadata, metadataOf } from './metadata.ts'
import { readLoadReport, trailingReport } from './load-report.ts'
import { type Message, written } from './request-messages.ts'

/** A connection may go in the moment that a call is put on it; not so often in turn. */
const mostUnsent = 3

export class GrpcAttempt implements Hearing, LineJob {
  readonly exchange: GrpcExchange
  readonly attempt: Attempt
  readonly lane: Lane
  readonly key: string
  place = 0
  readonly #pool: EndpointPool
  #line: Line | undefined = undefined
  #stream: CallStream | undefined = undefined
  #hearer: Hearer | undefined = undefined
  #phase: 'open' | 'forwarding' | 'over' = 'open'
  /** The next message to send, and the one before while it is still on its way. */
  #position = 0
  #sending: Message | undefined = undefined
  #halfClosed = false
  /** How often a connection was there that did not take it. */
  #unsent = 0
  /** A message was asked for and has not come. */
  #wants = false
  /** Only while it is being reported. */
  #head: Metadata | undefined = undefined

  constructor(exchange: GrpcExchange, attempt: Attempt, pool: EndpointPool) {
    this.exchange = exchange
    this.attempt = attempt
    this.#pool = pool
    this.lane = exchange.caller.lane
    this.key = pool.keyFor(this.lane, this.authority)
  }

  get authority(): string {
    return this.attempt.call.request.authority
  }

  get watcher(): LineWatcher {
    return this.exchange.caller.watcher
  }

  get stream(): CallStream | undefined {
    return this.#stream
  }

  get position(): number {
    return this.#position
  }

  /** The pool has a connection: begin the call on it. */
  send(line: Line): void {
    this.#line = line
    line.watch(this.watcher)
    this.attempt.ready()
    const { target, authority } = this.attempt.call.request
    const stream = line.createCall(target, authority)
    const hearer = new Hearer(this)
    this.#stream = stream
    this.#hearer = hearer
    const { credentials } = this.exchange.caller
    if (credentials !== undefined) stream.setCredentials(credentials)
    stream.start(this.exchange.metadataFor(this.attempt), hearer)
    // asked for or not: grpc-js holds the server only once a message was wanted
    this.read()
    this.pump()
  }

  /** The attempt ended before a connection carried it. */
  failed(failure: Failure, cause: unknown): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.attempt.failed(failure, cause)
  }

  /** The call wants no more of this attempt. */
  stop(): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    if (this.#line === undefined) this.#pool.remove(this)
    else this.#end(true)
  }

  /** The next message is wanted; one wish at a time, as grpc-js has it. */
  read(): void {
    if (this.#stream === undefined || this.#wants) return
    this.#wants = true
    this.#stream.startRead()
  }

  /** Sends what is there and was not sent. */
  pump(): void {
    const stream = this.#stream
    if (stream === undefined || this.#phase === 'over' || this.#halfClosed) return
    const { messages } = this.exchange
    const message = this.#sending === undefined ? messages.at(this.#position) : undefined
    if (message !== undefined) this.#sendMessage(stream, message)
    // with the last message, not after it has arrived: one frame less
    if (messages.ended && this.#position === messages.count) {
      this.#halfClosed = true
      stream.halfClose()
    }
  }

  #sendMessage(stream: CallStream, message: Message): void {
    this.#sending = message
    this.#position++
    stream.sendMessageWithContext(this.#hearer?.contextOf(message.flags) ?? {}, message.bytes)
  }

  responseHeader(name: string): string | undefined {
    const value = this.#head?.get(name)[0]
    return value === undefined || typeof value === 'string' ? value : value.toString('base64')
  }

  // ---- grpc-js speaks ----

  onReceiveMetadata(metadata: Metadata): void {
    // what is no gRPC is told at its end, with its HTTP status
    if (this.#phase !== 'open' || !isGrpc(metadata)) return
    if (!this.#report(200, undefined, metadata)) {
      this.#end(true)
      return
    }
    this.#phase = 'forwarding'
    this.exchange.committed(this)
    this.exchange.caller.head(this.#edited(metadata))
  }

  onWritten(): void {
    this.#tellWritten()
    this.exchange.sent()
    this.pump()
  }

  onReceiveMessage(message: Buffer): void {
    this.#wants = false
    const more = this.#phase === 'forwarding' ? this.#forward(message) : this.#phase === 'open'
    if (more) this.read()
  }

  #forward(message: Buffer): boolean {
    this.exchange.responseMessages++
    this.exchange.responseBytes += message.length
    return this.exchange.caller.message(message)
  }

  onReceiveStatus(status: StatusObject): void {
    const phase = this.#phase
    if (phase === 'over') return
    if (phase === 'open') return this.#ended(status)
    this.#phase = 'over'
    this.#end(false)
    this.#tellWritten()
    this.#readReport(status.metadata)
    const failure = breakOf(status)
    // a server resets what takes longer than it was told to
    const late = failure === 'remoteReset' && this.attempt.isOverdue
    const told = late ? this.exchange.timedOut('upstream request timeout') : status
    this.attempt.call.grpcStatus = told.code
    this.attempt.finished(late ? 'timeout' : failure)
    this.exchange.caller.end(told)
  }

  /** Without a head: trailers alone, or a failure. */
  #ended(status: StatusObject): void {
    const ending = endingOf(status)
    const unsent = ending.kind === 'unsent' && this.#unsent++ < mostUnsent
    if (unsent || (ending.kind === 'failure' && this.exchange.mayRepeat(ending.failure))) {
      this.#again()
      return
    }
    this.#end(false)
    switch (ending.kind) {
      case 'own':
        this.#phase = 'over'
        this.attempt.call.cancelled(status.code)
        this.exchange.caller.end(status)
        return
      case 'unsent':
        this.failed('connectionTermination', new Error(status.details))
        return
      case 'failure':
        this.failed(ending.failure, new Error(status.details))
        return
      case 'answer': {
        this.#readReport(status.metadata)
        const wanted = this.#report(ending.httpStatus, ending.grpcStatus, status.metadata)
        this.#phase = 'over'
        if (!wanted) return
        this.attempt.finished()
        this.exchange.caller.end({ ...status, metadata: this.#edited(status.metadata) })
      }
    }
  }

  /** A head or what stands for it. False: another attempt follows. */
  #report(httpStatus: number, grpcStatus: number | undefined, metadata: Metadata): boolean {
    if (this.attempt.call.cluster?.wantsHeads === true) this.#readHead(metadata)
    this.#head = metadata
    const limited = metadata.get('x-envoy-ratelimited').length > 0
    const wanted = this.attempt.head(httpStatus, grpcStatus, limited)
    this.#head = undefined
    if (!wanted) this.#phase = 'over'
    return wanted
  }

  /** Nothing of it was processed: another connection of the same endpoint takes it. */
  #again(): void {
    this.#end(false)
    this.#line = undefined
    this.#stream = undefined
    this.#position = 0
    this.#sending = undefined
    this.#halfClosed = false
    this.#wants = false
    this.attempt.unready()
    this.#pool.start(this)
  }

  #tellWritten(): void {
    const message = this.#sending
    this.#sending = undefined
    if (message !== undefined) written(message)
  }

  /** Its place on the connection is free. */
  #end(cancel: boolean): void {
    const line = this.#line
    this.#hearer?.drop()
    if (cancel) this.#stream?.cancelWithStatus(codes.CANCELLED, 'the mesh has ended this attempt')
    if (line !== undefined) this.#pool.release(line, this)
  }

  /** What endpoints say of themselves beside their answer. */
  #readHead(metadata: Metadata): void {
    const report = metadata.get(loadReportHeader)[0]
    if (typeof report === 'string') this.attempt.loadReported(report)
    if (metadata.get(unfitHeader).length > 0) this.attempt.unfit()
  }

  #readReport(trailers: Metadata): void {
    if (this.attempt.call.cluster?.wantsHeads !== true) return
    const report = trailers.get(trailingReport)[0]
    if (report instanceof Buffer) this.attempt.loadReported(readLoadReport(report))
  }

  #edited(metadata: Metadata): Metadata {
    const { call } = this.attempt
    const edits = call.responseEdits
    if (edits.length === 0) return metadata
    const list: string[] = []
    appendMetadata(list, metadata)
    for (const level of edits) level.apply(list, call.request)
    return metadataOf(list)
  }
}

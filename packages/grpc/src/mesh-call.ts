// One call of a grpc-js client: what the client does to it goes to the mesh, what the mesh finds out comes back.
import { type CallCredentials, Metadata, type MetadataOptions, type StatusObject, status as codes } from '@grpc/grpc-js'
import { type Expiring, formatGrpcTimeout, type LocalReply, type MeshErrorCode } from '@proxyless/core/spi'
import { requestHeaders, CallView } from './call-view.ts'
import type { CallListener, CallStream, MessageContext } from './call-stream.ts'
import type { Caller } from './caller.ts'
import { GrpcExchange } from './grpc-exchange.ts'
import type { Lane } from './lane.ts'
import { ListenerInCaller } from './listener-in-caller.ts'
import type { LineWatcher } from './line.ts'
import type { MeshChannel } from './mesh-channel.ts'
import { RequestMessages } from './request-messages.ts'
import type { CalledHost } from './target.ts'
import { userAgent } from './user-agent.ts'

/** What a call that waits for readiness does not end with: there is no endpoint, or none can be reached. */
const notReady: ReadonlySet<MeshErrorCode | undefined> = new Set<MeshErrorCode>([
  'NO_HEALTHY_UPSTREAM',
  'CONNECT_FAILURE',
  'CONNECT_TIMEOUT',
])
/** So much later than the mesh's own timeout is the same deadline kept for the application. */
const afterMeshMs = 100
const firstPauseMs = 20
const longestPauseMs = 1_000

let lastNumber = 0

export class MeshCall implements CallStream, Caller, Expiring {
  readonly lane: Lane
  readonly #channel: MeshChannel
  readonly #method: string
  readonly #host: CalledHost
  /** Wall time in milliseconds; Infinity: none. */
  readonly #deadlineAt: number
  readonly #number: number = ++lastNumber
  readonly #messages: RequestMessages
  #listener: CallListener | undefined
  /** The same where something surrounds the call. */
  #surrounded: ListenerInCaller | undefined
  #metadata: Metadata | undefined
  #exchange: GrpcExchange | undefined
  #timer: { cancel(): void } | undefined
  #pauses = 0
  #reading = false
  /** Came before it was wanted: the first message of a call. */
  #held: Buffer | undefined
  #heldStatus: StatusObject | undefined
  #over = false
  credentials: CallCredentials | undefined
  options: MetadataOptions = {}
  firstTimeout: string | undefined

  constructor(channel: MeshChannel, method: string, host: CalledHost, deadlineAt: number) {
    this.#channel = channel
    this.lane = channel.lane
    this.#method = method
    this.#host = host
    this.#deadlineAt = deadlineAt
    this.#messages = new RequestMessages(channel.budget)
    channel.channelz.callStarted()
  }

  // ---- the client speaks ----

  start(metadata: Metadata, listener: CallListener): void {
    const { mesh } = this.#channel
    if (mesh.surroundings?.current() !== undefined) this.#surrounded = new ListenerInCaller(listener)
    this.#listener = this.#surrounded ?? listener
    this.#metadata = metadata
    this.options = metadata.getOptions()
    if (this.#deadlineAt !== Infinity) {
      const leftMs = this.#leftMs()
      if (leftMs <= 0) return process.nextTick(() => this.expired())
      this.#timer = mesh.timeouts.add(Math.ceil(leftMs), 0, this)
      this.firstTimeout = formatGrpcTimeout(Math.ceil(leftMs))
    }
    this.#begin(this.firstTimeout)
  }

  sendMessageWithContext(context: MessageContext, message: Buffer): void {
    if (this.#over) {
      context.callback?.()
      return
    }
    this.#messages.push(context, message)
    this.#exchange?.pump()
  }

  startRead(): void {
    const held = this.#held
    if (held === undefined) {
      this.#reading = true
      this.#exchange?.read()
      return
    }
    this.#held = undefined
    process.nextTick(() => {
      this.#listener?.onReceiveMessage(held)
      if (this.#heldStatus !== undefined) this.end(this.#heldStatus)
    })
  }

  halfClose(): void {
    if (this.#messages.ended) return
    this.#messages.ended = true
    this.#exchange?.pump()
    this.#exchange?.requestSent()
  }

  cancelWithStatus(code: number, details: string): void {
    if (this.#over) return
    const exchange = this.#exchange
    const status: StatusObject = { code, details, metadata: new Metadata() }
    this.#close(code)
    exchange?.cancel(code)
    this.#tellLater(status)
  }

  setCredentials(credentials: CallCredentials): void {
    this.credentials = credentials
  }

  getPeer(): string {
    return this.#exchange?.stream?.getPeer() ?? this.#channel.getTarget()
  }

  getCallNumber(): number {
    return this.#number
  }

  getAuthContext(): ReturnType<CallStream['getAuthContext']> {
    return this.#exchange?.stream?.getAuthContext() ?? null
  }

  // ---- the exchange speaks ----

  get watcher(): LineWatcher {
    return this.#channel.connectivity
  }

  get timeout(): string | undefined {
    return this.#deadlineAt === Infinity ? undefined : formatGrpcTimeout(Math.max(1, Math.ceil(this.#leftMs())))
  }

  head(metadata: Metadata): void {
    if (!this.#over) this.#listener?.onReceiveMetadata(metadata)
  }

  message(message: Buffer): boolean {
    if (this.#over) return false
    if (this.#reading) {
      this.#reading = false
      this.#listener?.onReceiveMessage(message)
    } else {
      this.#held = message
    }
    return false
  }

  /**
   * Success is told after the last message was taken. Failure at once, as grpc-js does, but in a turn of its own: an
   * application that throws there disturbs nobody else. A server that sees the deadline pass before its client does resets
   * the stream: that means the deadline.
   */
  end(status: StatusObject): void {
    if (this.#over) return
    if (this.#held !== undefined && status.code === codes.OK) {
      this.#heldStatus = status
      return
    }
    const late = status.code === codes.CANCELLED && this.#leftMs() <= 0
    const told = late ? this.#late() : status
    this.#close(told.code)
    if (told.code === codes.OK) this.#listener?.onReceiveStatus(told)
    else this.#tellLater(told)
  }

  refused(status: StatusObject, reply: LocalReply): void {
    if (this.#over) return
    const waits = this.options.waitForReady === true && notReady.has(reply.code) && this.#messages.intact
    if (waits) this.#pause()
    else if (reply.code === 'REMOTE_RESET' && this.#leftMs() <= 0) this.end(this.#late())
    else this.end(status)
  }

  /**
   * The application's own deadline has passed. Where the route lets it decide the mesh's timeout is as long, counts from
   * the end of the request and says more: if it runs it gets the chance to come first.
   */
  expired(kind: number = 1): void {
    this.#timer = undefined
    if (kind === 0 && this.#exchange?.keepsDeadline === true) {
      this.#timer = this.#channel.mesh.timeouts.add(afterMeshMs, 1, this)
      return
    }
    const { code, details } = this.#late()
    this.cancelWithStatus(code, details)
  }

  // ---- ----

  #begin(timeout: string | undefined): void {
    const { mesh, transport, lane } = this.#channel
    const headers = requestHeaders(userAgent(lane.options), timeout, this.#metadata ?? new Metadata())
    const view = new CallView(this.#host, lane.secure, this.#method, headers)
    const exchange = new GrpcExchange(transport, view, this.#messages, this)
    this.#exchange = exchange
    mesh.call(exchange)
    exchange.begun()
  }

  /** The call is made anew when something may have changed. */
  #pause(): void {
    const { mesh } = this.#channel
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#pauses++)
    this.#exchange = undefined
    mesh.waits.start(pauseMs, () => {
      if (this.#over) return
      const begin = (): void => this.#begin((this.firstTimeout = this.timeout))
      if (this.#surrounded === undefined) begin()
      else this.#surrounded.run(begin)
    })
  }

  #tellLater(status: StatusObject): void {
    process.nextTick(() => this.#listener?.onReceiveStatus(status))
  }

  #late(): StatusObject {
    const { breadcrumb = '' } = this.#exchange ?? {}
    const where = breadcrumb === '' ? this.#host.authority : breadcrumb
    return { code: codes.DEADLINE_EXCEEDED, details: `Deadline exceeded: ${where}`, metadata: new Metadata() }
  }

  #leftMs(): number {
    return this.#deadlineAt - this.#channel.mesh.clock.wallNow()
  }

  #close(code: codes): void {
    this.#over = true
    this.#channel.channelz.callEnded(code)
    this.#timer?.cancel()
    this.#timer = undefined
    this.#messages.release()
  }
}

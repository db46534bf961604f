// Asks the endpoint of a connection to report its load by itself, again and again: a stream of
// xds.service.orca.v3.OpenRcaService for as long as the connection is ready (ORCA out-of-band, gRFC A51).
import { Metadata, type StatusObject, status as codes } from '@grpc/grpc-js'
import { Backoff, type Clock, type Random, type TimerHandle } from '@proxyless/core/spi'
import type { CallListener, CallStream } from './call-stream.ts'
import type { Line } from './line.ts'
import { readLoadReport } from './load-report.ts'

const method = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics'

export interface LoadStreamOptions {
  readonly clock: Clock
  readonly random: Random
  readonly authority: string
  readonly periodMs: number
  /** A connection that carried no call for so long is left: that it carries reports keeps it no longer. */
  readonly idleTimeoutMs: number
  /** As `JSON {...}`. */
  report(text: string): void
  idle(): void
}

export class LoadStream implements CallListener {
  readonly #line: Pick<Line, 'createCall' | 'active' | 'served'>
  readonly #options: LoadStreamOptions
  readonly #backoff: Backoff
  #call: CallStream | undefined
  #timer: TimerHandle = undefined
  #stopped = false
  #heard = false
  #served = -1
  #servedAtMs = 0

  constructor(line: Pick<Line, 'createCall' | 'active' | 'served'>, options: LoadStreamOptions) {
    this.#line = line
    this.#options = options
    this.#backoff = new Backoff(options.random)
  }

  start(): void {
    this.#heard = false
    const call = this.#line.createCall(method, this.#options.authority)
    this.#call = call
    call.start(new Metadata(), this)
    call.sendMessageWithContext({}, reportRequest(this.#options.periodMs))
    call.halfClose()
    call.startRead()
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#options.clock.clearTimer(this.#timer)
    this.#call?.cancelWithStatus(codes.CANCELLED, 'no more reports are wanted')
  }

  onReceiveMetadata(): void {
    // its reports say it all
  }

  onReceiveMessage(bytes: Buffer): void {
    if (this.#stopped) return
    this.#heard = true
    this.#options.report(readLoadReport(bytes))
    if (this.#isIdle()) this.#options.idle()
    else this.#call?.startRead()
  }

  /** A server without the service is not asked again; one that has reported is at once, all others after a while. */
  onReceiveStatus({ code }: StatusObject): void {
    if (this.#stopped) return
    if (code === codes.UNIMPLEMENTED) {
      this.#stopped = true
      return
    }
    if (this.#heard) this.#backoff.reset()
    const pauseMs = this.#heard ? 0 : this.#backoff.nextMs()
    this.#timer = this.#options.clock.setTimer(pauseMs, () => this.start(), true)
  }

  #isIdle(): boolean {
    const nowMs = this.#options.clock.now()
    if (this.#line.active > 0 || this.#line.served !== this.#served) {
      this.#served = this.#line.served
      this.#servedAtMs = nowMs
    }
    return nowMs - this.#servedAtMs >= this.#options.idleTimeoutMs
  }
}

/** `OrcaLoadReportRequest { Duration report_interval = 1 }` */
function reportRequest(periodMs: number): Buffer {
  const seconds = Math.floor(periodMs / 1_000)
  const nanos = Math.round((periodMs % 1_000) * 1e6)
  const duration = [0x08, ...varint(seconds), 0x10, ...varint(nanos)]
  return Buffer.from([0x0a, duration.length, ...duration])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]
}

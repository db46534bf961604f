// Whoever asked: an undici handler in either of its two shapes, spoken to in one way.
// The old shape is onConnect/onHeaders/onData/onComplete (undici up to 7), the new one onRequestStart/onResponseStart/...
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type RawHeaders, recordOfRaw } from './headers.ts'

export interface Caller {
  /** Told once, before anything else; may abort at once. */
  start(abort: (reason?: Error) => void): void
  /** `resume` lets a paused response flow again. False: pause. May throw what the caller throws. */
  head(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean
  data(chunk: Buffer): boolean
  end(trailers: RawHeaders): void
  error(reason: Error): void
  upgrade(status: number, raw: RawHeaders, socket: Duplex): void
  firstByte(): void
}

/** @throws TypeError when the handler has neither shape */
export function callerOf(handler: Dispatcher.DispatchHandler): Caller {
  if (typeof handler !== 'object' || handler === null) throw new TypeError('handler must be an object')
  return typeof handler.onRequestStart === 'function' ? new NewCaller(handler) : new OldCaller(handler as OldHandler)
}

/** The handler shape of undici up to 7; its types are gone from newer versions. */
export interface OldHandler {
  onConnect?(abort: (reason?: Error) => void): void
  onHeaders?(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean | undefined
  onData?(chunk: Buffer): boolean | undefined
  onComplete?(trailers: RawHeaders): void
  onError?(reason: Error): void
  onUpgrade?(status: number, raw: RawHeaders, socket: Duplex): void
  onResponseStarted?(): void
}

class OldCaller implements Caller {
  readonly #handler: OldHandler

  constructor(handler: OldHandler) {
    this.#handler = handler
  }

  start(abort: (reason?: Error) => void): void {
    this.#handler.onConnect?.(abort)
  }

  head(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean {
    return this.#handler.onHeaders?.(status, raw, resume, statusText) !== false
  }

  data(chunk: Buffer): boolean {
    return this.#handler.onData?.(chunk) !== false
  }

  end(trailers: RawHeaders): void {
    this.#handler.onComplete?.(trailers)
  }

  error(reason: Error): void {
    this.#handler.onError?.(reason)
  }

  upgrade(status: number, raw: RawHeaders, socket: Duplex): void {
    this.#handler.onUpgrade?.(status, raw, socket)
  }

  firstByte(): void {
    this.#handler.onResponseStarted?.()
  }
}

class NewCaller implements Caller {
  readonly #handler: Dispatcher.DispatchHandler
  #controller: Controller = new Controller(() => undefined)

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  start(abort: (reason?: Error) => void): void {
    this.#controller = new Controller(abort)
    this.#handler.onRequestStart?.(this.#controller, {})
  }

  head(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean {
    this.#controller.rawHeaders = raw
    this.#controller.flow = resume
    this.#handler.onResponseStart?.(this.#controller, status, recordOfRaw(raw), statusText)
    return !this.#controller.paused
  }

  data(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this.#controller, chunk)
    return !this.#controller.paused
  }

  end(trailers: RawHeaders): void {
    this.#controller.rawTrailers = trailers
    this.#handler.onResponseEnd?.(this.#controller, recordOfRaw(trailers))
  }

  error(reason: Error): void {
    this.#handler.onResponseError?.(this.#controller, reason)
  }

  upgrade(status: number, raw: RawHeaders, socket: Duplex): void {
    this.#controller.rawHeaders = raw
    this.#handler.onRequestUpgrade?.(this.#controller, status, recordOfRaw(raw), socket)
  }

  firstByte(): void {
    // the newer shape has no such event
  }
}

/** One per call, whatever attempts it takes: forwards to the attempt under way. */
class Controller implements Dispatcher.DispatchController {
  readonly #abort: (reason?: Error) => void
  aborted = false
  paused = false
  reason: Error | null = null
  rawHeaders: RawHeaders = []
  rawTrailers: RawHeaders = []
  flow: () => void = () => undefined

  constructor(abort: (reason?: Error) => void) {
    this.#abort = abort
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#abort(reason)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.flow()
  }
}

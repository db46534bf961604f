// undici 8 calls handlers in its new shape only; this lends it to an attempt. undici 7 calls the attempt itself.
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { OldHandler } from './caller.ts'
import type { RawHeaders } from './headers.ts'

const { version } = createRequire(import.meta.url)('undici/package.json') as { version: string }
const wantsNewShape = Number(version.split('.')[0]) >= 8

/** The handler in the shape that this process' undici calls. */
export function handlerFor(attempt: OldHandler): Dispatcher.DispatchHandler {
  return wantsNewShape ? new NewHandler(attempt) : (attempt as unknown as Dispatcher.DispatchHandler)
}

class NewHandler implements Dispatcher.DispatchHandler {
  readonly #attempt: OldHandler

  constructor(attempt: OldHandler) {
    this.#attempt = attempt
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#attempt.onConnect?.((reason) => controller.abort(reason ?? new Error('aborted')))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    const raw = (controller.rawHeaders ?? []) as RawHeaders
    this.#pauseUnless(
      controller,
      this.#attempt.onHeaders?.(status, raw, () => controller.resume(), statusText ?? ''),
    )
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#pauseUnless(controller, this.#attempt.onData?.(chunk))
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#attempt.onComplete?.((controller.rawTrailers ?? []) as RawHeaders)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#attempt.onError?.(error)
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    this.#attempt.onUpgrade?.(status, (controller.rawHeaders ?? []) as RawHeaders, socket)
  }

  #pauseUnless(controller: Dispatcher.DispatchController, goOn: boolean | undefined): void {
    if (goOn === false) controller.pause()
  }
}

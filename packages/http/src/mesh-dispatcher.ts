// The mesh as an undici Dispatcher: for setGlobalDispatcher, for `dispatcher` options, and under mesh.fetch.
// An own subclass, not compose(): compose() merges repeated response headers on older Nodes.
import { Dispatcher } from 'undici'
import { callerOf } from './caller.ts'
import { DispatchView } from './dispatch-view.ts'
import { HttpExchange } from './http-exchange.ts'
import type { HttpTransport } from './http-transport.ts'

export class MeshDispatcher extends Dispatcher {
  readonly #transport: HttpTransport

  constructor(transport: HttpTransport) {
    super()
    this.#transport = transport
  }

  /** @throws TypeError when the request has no origin or the handler no known shape */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    new HttpExchange(this.#transport, new DispatchView(options), options, callerOf(handler)).begin()
    return true
  }

  /** The mesh owns the connections: close the mesh instead. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | void {
    if (callback === undefined) return Promise.resolve()
    queueMicrotask(callback)
  }

  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const callback = typeof first === 'function' ? first : second
    if (callback === undefined) return Promise.resolve()
    queueMicrotask(callback)
  }
}

// What stands in a slot of undici: of no undici's class, so it serves every version, built-in or not.
// A handler is answered in the shape it has, by the mesh; or goes as it is to what stood there before.
import type { Dispatcher } from 'undici'
import { callerOf } from '../caller.ts'
import { DispatchView } from '../dispatch-view.ts'
import { HttpExchange } from '../http-exchange.ts'
import type { HttpTransport } from '../http-transport.ts'
import type { MeshDispatcher } from '../mesh-dispatcher.ts'
import type { Gate } from './gate.ts'

export class SlotDispatcher {
  readonly #transport: HttpTransport
  readonly #dispatcher: MeshDispatcher
  readonly #gate: Gate
  readonly #before: Dispatcher

  constructor(transport: HttpTransport, dispatcher: MeshDispatcher, gate: Gate, before: Dispatcher) {
    this.#transport = transport
    this.#dispatcher = dispatcher
    this.#gate = gate
    this.#before = before
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const view = viewOf(options)
    // what is no request for a mesh is for undici to complain of
    if (view === undefined || !this.#gate.admits('fetch', view)) return this.#before.dispatch(options, handler)
    new HttpExchange(this.#transport, view, options, callerOf(handler)).begin()
    return true
  }

  // for those who ask the global dispatcher for more than to dispatch

  get compose(): Dispatcher['compose'] {
    return this.#dispatcher.compose.bind(this.#dispatcher)
  }

  get request(): Dispatcher['request'] {
    return this.#dispatcher.request.bind(this.#dispatcher)
  }

  get stream(): Dispatcher['stream'] {
    return this.#dispatcher.stream.bind(this.#dispatcher)
  }

  /** The mesh owns the connections. */
  close(callback?: () => void): Promise<void> | void {
    return callback === undefined ? this.#dispatcher.close() : this.#dispatcher.close(callback)
  }

  destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    return this.close(typeof first === 'function' ? first : second)
  }
}

function viewOf(options: Dispatcher.DispatchOptions): DispatchView | undefined {
  try {
    return new DispatchView(options)
  } catch {
    return undefined
  }
}

// What a caller gives up by. fetch keeps it as long as its response, and that until the next full collection of garbage:
// it holds the exchange, and all there is of the call, no longer than there is something to give up.
import type { HttpExchange } from './http-exchange.ts'

export class Leash {
  #exchange: HttpExchange | undefined

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange
  }

  /** The caller has given up, or was told the end. */
  get loose(): boolean {
    return this.#exchange === undefined
  }

  readonly pull = (reason?: Error): void => {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.cancel(reason ?? new DOMException('This operation was aborted', 'AbortError'))
  }

  letGo(): void {
    this.#exchange = undefined
  }
}

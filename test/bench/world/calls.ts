// One call in each of the three ways an application makes it; the same options object on both sides, every answer checked.
import type { Dispatcher } from 'undici'
import { answerLength } from './upstream.ts'
import { authority, requestHeaders, target } from './reviews.ts'

const options = { origin: `http://${authority}`, path: target, method: 'GET', headers: requestHeaders } as const
const url = `http://${authority}${target}`
const init = { headers: requestHeaders }

export type FetchLike = (url: string, init: { headers: Readonly<Record<string, string>> }) => Promise<FetchedLike>

interface FetchedLike {
  readonly status: number
  text(): Promise<string>
}

export function byDispatch(dispatcher: () => Dispatcher): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const handler = new CountingHandler(resolve, reject)
      dispatcher().dispatch(options, handler)
    })
}

export function byRequest(dispatcher: () => Dispatcher): () => Promise<void> {
  return async () => {
    const { statusCode, body } = await dispatcher().request(options)
    const text = await body.text()
    check(statusCode, text.length)
  }
}

export function byFetch(fetch: FetchLike): () => Promise<void> {
  return async () => {
    const response = await fetch(url, init)
    const text = await response.text()
    check(response.status, text.length)
  }
}

export function check(status: number, length: number): void {
  if (status !== 200 || length !== answerLength) throw new Error(`a wrong answer: ${status} with ${length} bytes`)
}

/** The cheapest handler there is: undici 7 calls its shape without a wrapper. */
class CountingHandler {
  readonly #resolve: () => void
  readonly #reject: (reason: Error) => void
  #status = 0
  #length = 0

  constructor(resolve: () => void, reject: (reason: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  onConnect(): void {
    // nothing is aborted
  }

  onHeaders(status: number): boolean {
    this.#status = status
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#length += chunk.length
    return true
  }

  onComplete(): void {
    if (this.#status === 200 && this.#length === answerLength) this.#resolve()
    else this.#reject(new Error(`a wrong answer: ${this.#status} with ${this.#length} bytes`))
  }

  onError(error: Error): void {
    this.#reject(error)
  }
}

// One of the two sides that answer the same requests: our mesh, or Envoy. A scenario sends through it.
import type { Dispatcher } from 'undici'
import { type Backends, mark } from './backends.ts'
import { type Arrival, type HeaderLines, type Outcome, responseHeadersOf } from './outcome.ts'
import type { Answers, Ask } from './scenario.ts'

/** What differs between the sides. */
export interface Way {
  readonly dispatcher: Dispatcher
  /** Where requests for a URL's port go. */
  origin(port: number): string
  /** Of the request that bore this mark. */
  flagsOf(tag: string, path: string): Promise<string>
}

let marks = 0

export class Side {
  readonly name: string
  readonly #way: Way
  readonly #backends: Backends
  readonly #defaults: Answers

  constructor(name: string, way: Way, backends: Backends, defaults: Answers = []) {
    this.name = name
    this.#way = way
    this.#backends = backends
    this.#defaults = defaults
  }

  /** Resolves when the response has ended, or broken off. */
  async send(given: string | Ask): Promise<Outcome> {
    const ask: Ask = typeof given === 'string' ? { path: given } : given
    const tag = `${++marks}-${this.name}`
    const arrivals: Arrival[] = []
    const answers = ask.answers ?? this.#defaults
    this.#backends.play(tag, {
      arrivals,
      answer: (arrival, n) => (typeof answers === 'function' ? answers(arrival, n) : answers[n]),
    })
    const response = await this.#exchange(ask, tag)
    return { ...response, flags: await this.#way.flagsOf(tag, ask.path ?? '/'), arrivals }
  }

  async sendAll(asks: readonly (string | Ask)[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const ask of asks) outcomes.push(await this.send(ask))
    return outcomes
  }

  async #exchange(ask: Ask, tag: string): Promise<Omit<Outcome, 'flags' | 'arrivals'>> {
    const { method = 'GET', path = '/', host = 'svc.test', port = 80, headers = [], body, abortAfterMs } = ask
    let status = 0
    let head: HeaderLines = {}
    try {
      const response = await this.#way.dispatcher.request({
        origin: this.#way.origin(port),
        method,
        path,
        headers: ['host', host, ...headers, mark, tag],
        ...(body !== undefined && { body: body as string }),
        ...(abortAfterMs !== undefined && { signal: AbortSignal.timeout(abortAfterMs) }),
      })
      status = response.statusCode
      head = responseHeadersOf(response.headers)
      const text = await response.body.text()
      return { status, headers: head, body: text, trailers: responseHeadersOf(response.trailers) }
    } catch {
      return { status, headers: head, body: undefined, trailers: {} }
    }
  }
}

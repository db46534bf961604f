// The servers behind both sides, shared by all scenarios: what a request is answered with, and where its arrival is
// written down, goes by its mark (`x-case`). Scenarios that need a server's misbehaviour on the wire bring their own.
import { type Answer, type Backend, type Received, startBackend } from '../../../kit/backend.ts'
import { type Arrival, arrivalOf } from './outcome.ts'

/** What one request, on one side, makes happen at the backends. */
export interface Play {
  readonly arrivals: Arrival[]
  /** For the n-th arrival, from 0. */
  answer(arrival: Arrival, n: number): Answer | undefined
}

export const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const
export const mark = 'x-case'

export class Backends {
  readonly #plays = new Map<string, Play>()
  readonly #common = new Map<string, Backend>()

  static async start(): Promise<Backends> {
    const backends = new Backends()
    for (const name of names) backends.#common.set(name, await backends.add(name))
    return backends
  }

  /** One more, for one scenario, which closes it. */
  add(name: string, protocol: 'http1' | 'http2' = 'http1'): Promise<Backend> {
    return startBackend({ name, protocol, handler: (request) => this.arrived(name, request) })
  }

  port(name: string): number {
    const backend = this.#common.get(name)
    if (backend === undefined) throw new Error(`no backend ${name}`)
    return backend.port
  }

  play(tag: string, play: Play): void {
    this.#plays.set(tag, play)
  }

  arrived(name: string, request: Received): Answer {
    const play = this.#plays.get(request.header(mark) ?? '')
    const arrival = arrivalOf(name, request)
    const n = play?.arrivals.push(arrival) ?? 1
    return play?.answer(arrival, n - 1) ?? { body: name }
  }

  async close(): Promise<void> {
    for (const backend of this.#common.values()) await backend.close()
  }
}

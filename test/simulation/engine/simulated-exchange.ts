// A call whose attempts go to simulated servers, half a millisecond away. Counts in the cluster's limits as a real door does.
import {
  type Attempt,
  type Call,
  type Exchange,
  type Failure,
  type HeaderLines,
  type HeaderList,
  type LocalReply,
  nameBits,
  type RequestView,
} from '@proxyless/core/spi'
import type { Client } from './client.ts'
import type { Job } from './server.ts'

const keyBits = nameBits(['key'])

class View implements RequestView {
  readonly scheme = 'http'
  readonly hostname = 'service'
  readonly port = 80
  readonly method = 'GET'
  readonly headerBits = keyBits
  readonly authority: string
  readonly target: string
  readonly #key: string

  constructor(authority: string, key: number) {
    this.authority = authority
    this.target = '/'
    this.#key = String(key)
  }

  header(name: string): HeaderLines {
    return name === 'key' ? this.#key : undefined
  }
}

/** How a call ended. */
export interface Outcome {
  readonly status: number
  readonly attempts: number
}

export class SimulatedExchange implements Exchange {
  readonly view: RequestView
  readonly body = 'complete'
  readonly #client: Client
  readonly #key: number
  readonly #ended: (outcome: Outcome) => void
  readonly #flights = new Map<Attempt, Flight>()
  #call: Call | undefined

  constructor(client: Client, authority: string, key: number, ended: (outcome: Outcome) => void) {
    this.#client = client
    this.view = new View(authority, key)
    this.#key = key
    this.#ended = ended
  }

  attach(call: Call): void {
    this.#call = call
  }

  replayable(): boolean {
    return true
  }

  takeHeaders(): HeaderList {
    return ['key', String(this.#key)]
  }

  start(attempt: Attempt): void {
    const limits = attempt.call.cluster!.limits
    if (!limits.tryRequest()) return attempt.failed('overflow', undefined)
    const flight = new Flight(this, attempt, this.#key)
    this.#flights.set(attempt, flight)
    this.#client.connect(attempt.endpoint, () => {
      if (!this.#flights.has(attempt)) return
      attempt.ready()
      this.#client.send(attempt.endpoint, (server) => server.receive(flight))
    })
  }

  abort(attempt: Attempt): void {
    this.#land(attempt, false)
  }

  reply(reply: LocalReply): void {
    this.#end(reply.status)
  }

  breakOff(): void {
    this.#end(0)
  }

  /** What a server said of an attempt, if anybody still waits for it. */
  heard(attempt: Attempt, result: number | Failure): void {
    this.#client.after(this.#client.distanceMs(attempt.endpoint), () => {
      this.#client.clock.arrive(() => this.#take(attempt, result))
    })
  }

  #take(attempt: Attempt, result: number | Failure): void {
    const { call } = attempt
    if (!this.#land(attempt, typeof result === 'number')) return
    if (typeof result === 'string') return attempt.failed(result, undefined)
    if (call.cluster!.observations.wantsLoad) {
      attempt.loadReported(this.#client.serverAt(attempt.endpoint).loadReport)
    }
    if (!attempt.head(result, undefined, false)) return
    attempt.finished()
    this.#end(result)
  }

  /** False: it was not under way any more. */
  #land(attempt: Attempt, whole: boolean): boolean {
    if (!this.#flights.delete(attempt)) return false
    attempt.call.cluster!.limits.requests--
    this.#client.release(attempt.endpoint, whole)
    return true
  }

  #end(status: number): void {
    this.#ended({ status, attempts: this.#call?.attempts ?? 0 })
  }
}

/** One attempt on its way to a server and back. */
class Flight implements Job {
  readonly key: number
  readonly #exchange: SimulatedExchange
  readonly #attempt: Attempt

  constructor(exchange: SimulatedExchange, attempt: Attempt, key: number) {
    this.#exchange = exchange
    this.#attempt = attempt
    this.key = key
  }

  answered(status: number): void {
    this.#exchange.heard(this.#attempt, status)
  }

  broken(failure: Failure): void {
    this.#exchange.heard(this.#attempt, failure)
  }
}

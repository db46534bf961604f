// One client process: a real mesh on virtual time whose calls go to simulated servers, over connections that cost something to open.
import {
  type ConfigSink,
  type LivingEndpoint,
  Mesh,
  type MeshConfig,
  type RegexEngine,
  SeededRandom,
} from '@proxyless/core/spi'
import { EventLoopWatch } from 'proxyless/host'
import { ClientClock } from './client-clock.ts'
import { localityOf, type Network } from './network.ts'
import type { Server } from './server.ts'
import { type Outcome, SimulatedExchange } from './simulated-exchange.ts'

const networkMs = 0.5

const noPatterns: RegexEngine = {
  compile: () => ({ matches: () => false, replaceAll: (text) => text }),
}

export class Client {
  readonly clock: ClientClock
  readonly mesh: Mesh
  readonly #network: Network
  readonly #zone: string
  /** Connections that wait for another request: until when, by endpoint. */
  readonly #idle = new Map<string, number[]>()
  #sink: ConfigSink | undefined
  connectionsOpened = 0
  /** Requests that left the zone. */
  strayed = 0
  ejections = 0

  /** @param place tells its zone */
  constructor(network: Network, config: MeshConfig, seed: number, place = 0) {
    this.#network = network
    this.#zone = localityOf(place, network.options.zones).zone
    this.clock = new ClientClock(network.clock)
    this.mesh = new Mesh({
      source: {
        start: (sink) => {
          this.#sink = sink
          sink.config(config)
        },
        close: () => Promise.resolve(),
      },
      clock: this.clock,
      random: new SeededRandom(seed),
      regex: noPatterns,
      resolver: { resolve: () => Promise.reject(new Error('no names here')) },
      settings: { trustRequestHeaders: false, requestId: undefined, attemptCount: false, faults: true },
      eventLoop: new EventLoopWatch(this.clock),
      observer: { endpointEjected: () => void this.ejections++ },
    })
  }

  /** Another configuration; in force when the promise is fulfilled. */
  async apply(config: MeshConfig): Promise<void> {
    this.#sink?.config(config)
    await Promise.resolve()
  }

  call(authority: string, key: number, ended: (outcome: Outcome) => void): void {
    this.mesh.call(new SimulatedExchange(this, authority, key, ended))
  }

  serverAt({ key }: LivingEndpoint): Server {
    return this.#network.serverAt(key)
  }

  /** How long a request to an endpoint is on its way, and its answer on the way back. */
  distanceMs({ model }: LivingEndpoint): number {
    return model.locality.zone === this.#zone ? networkMs : networkMs + this.#network.options.betweenZonesMs
  }

  /** A request sets out. */
  send(endpoint: LivingEndpoint, deed: (server: Server) => void): void {
    if (endpoint.model.locality.zone !== this.#zone) this.strayed++
    this.after(this.distanceMs(endpoint), () => deed(this.#network.serverAt(endpoint.key)))
  }

  after(ms: number, deed: () => void): void {
    this.#network.clock.setTimer(ms, deed)
  }

  /** A connection to an endpoint: one that waits there, or a new one. */
  connect({ key }: LivingEndpoint, then: () => void): void {
    const now = this.clock.now()
    const waiting = this.#idle.get(key)
    while (waiting !== undefined && waiting.length > 0) if ((waiting.pop() ?? 0) > now) return then()
    this.connectionsOpened++
    const { connectMs } = this.#network.options
    if (connectMs === 0) then()
    else this.after(connectMs, () => this.clock.arrive(then))
  }

  /** What was heard to the end leaves a connection that can be used again. */
  release({ key }: LivingEndpoint, whole: boolean): void {
    if (!whole) return
    const waiting = this.#idle.get(key)
    const until = this.clock.now() + this.#network.options.idleMs
    if (waiting === undefined) this.#idle.set(key, [until])
    else waiting.push(until)
  }
}

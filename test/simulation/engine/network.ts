// The world of one run: virtual time, the servers by their address, and the generator that all draws come from.
import { type Endpoint, type Locality, type Random, SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { endpoint } from '../../kit/config.ts'
import { Server, type ServerOptions } from './server.ts'

export interface NetworkOptions {
  /** To open a connection. */
  readonly connectMs: number
  /** How long a connection waits for another request. */
  readonly idleMs: number
  /** The zones of servers and clients by their place; over and over. */
  readonly zones: readonly number[]
  /** From one zone to another it takes so much longer, either way. */
  readonly betweenZonesMs: number
}

const oneZone: readonly number[] = [0]

export class Network {
  readonly clock: VirtualClock = new VirtualClock()
  readonly options: NetworkOptions
  readonly #servers = new Map<string, Server>()
  readonly #random: Random

  constructor(seed: number, options: Partial<NetworkOptions> = {}) {
    this.#random = new SeededRandom(seed)
    this.options = { connectMs: 0, idleMs: 60_000, zones: oneZone, betweenZonesMs: 0, ...options }
  }

  /** So many servers alike; each draws for itself. */
  servers(count: number, options: ServerOptions | ((place: number) => ServerOptions), subnet = 0): Server[] {
    return Array.from({ length: count }, (_, i) => {
      const said = typeof options === 'function' ? options(i) : options
      const server = new Server(said, this.clock, new SeededRandom(this.#random.uint32()))
      this.#servers.set(addressOf(i, subnet), server)
      return server
    })
  }

  serverAt(key: string): Server {
    const server = this.#servers.get(key)
    if (server === undefined) throw new Error(`there is no server at ${key}`)
    return server
  }

  /** Something happens at that time. */
  at(ms: number, deed: () => void): void {
    this.clock.setTimer(ms - this.clock.now(), deed)
  }
}

export function endpointsOf(count: number, subnet = 0, zones: readonly number[] = oneZone): Endpoint[] {
  return Array.from({ length: count }, (_, i) => endpoint(addressOf(i, subnet), { locality: localityOf(i, zones) }))
}

export function localityOf(place: number, zones: readonly number[]): Locality {
  return { region: 'r', zone: `z${zones[place % zones.length]}`, subzone: '' }
}

function addressOf(place: number, subnet: number): string {
  return `10.${subnet}.${place >> 8}.${place & 255}:80`
}

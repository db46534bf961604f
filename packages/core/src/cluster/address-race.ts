// Happy Eyeballs: an endpoint with several addresses is connected to by whichever answers first (RFC 8305, gRFC A61).
// To all else it stays one endpoint, known by its own address.
import type { Clock, TimerHandle } from '../base/clock.ts'
import type { Endpoint as EndpointModel } from '../model/cluster.ts'

export type Address = Pick<EndpointModel, 'address' | 'port'>

/** What is heard of an attempt to connect: one of the two, once. */
export interface Opening<C> {
  connected(connection: C): void
  failed(cause: unknown): void
}

/** Begins to connect. Returns what gives it up, also when it is heard of only afterwards. */
export type Dial<C> = (address: Address, opening: Opening<C>) => () => void

/** Another address is tried after so long, or when one has failed. */
const staggerMs = 250

/** Its own address first, then families by turns. */
export function addressesOf(endpoint: EndpointModel): readonly Address[] {
  const { additionalAddresses = [] } = endpoint
  if (additionalAddresses.length === 0) return [endpoint]
  const all = [endpoint, ...additionalAddresses]
  const isLikeFirst = ({ address }: Address): boolean => isV6(address) === isV6(endpoint.address)
  const like = all.filter(isLikeFirst)
  const others = all.filter((each) => !isLikeFirst(each))
  return Array.from({ length: Math.max(like.length, others.length) }, (_, n) => [
    ...like.slice(n, n + 1),
    ...others.slice(n, n + 1),
  ]).flat()
}

function isV6(address: string): boolean {
  return address.includes(':')
}

export class AddressRace<C> {
  readonly #addresses: readonly Address[]
  readonly #clock: Clock
  readonly #dial: Dial<C>
  readonly #end: Opening<C>
  /** Of each that was begun. */
  readonly #giveUps: (() => void)[] = []
  #next = 0
  #failed = 0
  #over = false
  #winner = -1
  #timer: TimerHandle = undefined

  /** @param end hears of the first connection, or of the failure of the last address when there is none */
  constructor(addresses: readonly Address[], clock: Clock, dial: Dial<C>, end: Opening<C>) {
    this.#addresses = addresses
    this.#clock = clock
    this.#dial = dial
    this.#end = end
  }

  start(): void {
    const address = this.#addresses[this.#next]
    if (address === undefined) return
    const place = this.#next++
    if (this.#next < this.#addresses.length) {
      this.#timer = this.#clock.setTimer(staggerMs, () => this.start(), true)
    }
    const giveUp = this.#dial(address, {
      connected: (connection) => this.#connected(place, connection),
      failed: (cause) => this.#lost(cause),
    })
    if (!this.#over) this.#giveUps[place] = giveUp
    else if (place !== this.#winner) giveUp()
  }

  /** Nobody wins. */
  abandon(): void {
    this.#close()
  }

  #connected(place: number, connection: C): void {
    if (this.#over) return
    this.#winner = place
    this.#close()
    this.#end.connected(connection)
  }

  #lost(cause: unknown): void {
    if (this.#over) return
    this.#failed++
    if (this.#failed === this.#addresses.length) {
      this.#over = true
      this.#end.failed(cause)
    } else {
      this.#clock.clearTimer(this.#timer)
      this.start()
    }
  }

  #close(): void {
    this.#over = true
    this.#clock.clearTimer(this.#timer)
    for (const [place, giveUp] of this.#giveUps.entries()) if (place !== this.#winner) giveUp()
  }
}

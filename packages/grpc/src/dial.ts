// A grpc-js channel to one address until it is connected or has failed. grpc-js would try again and back off by itself:
// here it is closed instead. Several may race for one line.
import { type Channel, type ChannelCredentials, type ChannelOptions, connectivityState, Metadata } from '@grpc/grpc-js'
import { type Address, AddressRace, addressesOf, type Clock, type Endpoint } from '@proxyless/core/spi'
import type { GrpcCopy } from './copy.ts'
import { ConnectFailed } from './failure.ts'
import { held, type HeldCredentials } from './held-credentials.ts'
import { targetOf } from './target.ts'
import { unmeshedOption } from './unmeshed-option.ts'

/** What a channel to an endpoint is made with. */
export interface Means {
  readonly endpoint: Endpoint
  readonly copy: GrpcCopy
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

interface DialEvents {
  connected(dial: Dial): void
  failed(cause: unknown): void
}

/** To whichever of the endpoint's addresses answers first. */
export function dialFirst(means: Means, clock: Clock, end: DialEvents): AddressRace<Dial> {
  const begin = (address: Address, events: DialEvents): (() => void) => {
    try {
      const dial = new Dial(targetOf(address), means)
      dial.start(events)
      return () => dial.drop()
    } catch (error) {
      // options that grpc-js does not take
      queueMicrotask(() => events.failed(error))
      return () => undefined
    }
  }
  return new AddressRace(addressesOf(means.endpoint), clock, begin, end)
}

export class Dial {
  readonly channel: Channel
  readonly #held: HeldCredentials | undefined
  #over = false

  /** @param target as grpc-js has it: `ipv4:10.0.0.1:80`, `unix:/path` */
  constructor(target: string, { copy, credentials, options }: Means) {
    this.#held = held(credentials)
    this.channel = new copy.Channel(target, this.#held?.credentials ?? credentials, { ...options, [unmeshedOption]: 1 })
  }

  start(events: DialEvents): void {
    this.channel.getConnectivityState(true)
    this.#step(events)
  }

  /** At once, also while it is being made; what is under way on it breaks off. */
  drop(): void {
    this.#over = true
    this.#held?.drop()
    this.channel.close()
  }

  #step(events: DialEvents): void {
    const state = this.channel.getConnectivityState(false)
    if (state === connectivityState.READY) return events.connected(this)
    if (state === connectivityState.TRANSIENT_FAILURE) return this.#askWhy(events)
    this.channel.watchConnectivityState(state, Infinity, () => {
      if (!this.#over) this.#step(events)
    })
  }

  /** A channel tells its state but not the reason; a call that it refuses does. Nothing is sent. */
  #askWhy(events: DialEvents): void {
    const call = this.channel.createCall('/', Infinity, null, null, null)
    call.start(new Metadata(), {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: () => undefined,
      onReceiveStatus: ({ details }) => {
        if (this.#over) return
        this.drop()
        events.failed(new ConnectFailed(reasonIn(details)))
      },
    })
  }
}

/** `No connection established. Last error: Error: connect ECONNREFUSED ... Resolution note: ` -> what lies between. */
function reasonIn(details: string): string {
  const [, reason = details] = /Last error: (?:Error: )?(.*?)(?:\.? Resolution note:.*)?$/s.exec(details) ?? []
  return reason
}

// The servers that answer for one set of names, in order (gRFC A71): the first is asked; a later one only while those before it fail
// and something is missing. To its user it is one cache.
import type { Cache } from '../resolve/cache.ts'
import type { AdsClient, Subscription, Watcher } from '../stream/ads-client.ts'
import { type StreamKind, STREAM_KINDS, WILDCARD } from '../stream/kinds.ts'
import type { Lease } from '../stream/shared-clients.ts'
import type { Changes, Entry } from '../stream/store.ts'
import type { AdsTransport } from '../stream/transport.ts'
import { Carried } from './carried.ts'

export interface Server {
  readonly uri: string
  /** Bad data costs the last good resource, also one that another server sent. */
  readonly failOnDataErrors: boolean
  lease(): Lease
  /** A connection beside that of the resources. */
  transport(): AdsTransport
}

interface Connection {
  readonly server: Server
  readonly lease: Lease
  readonly subscription: Subscription
}

const nothing: ReadonlySet<string> = new Set()

export class Authority implements Cache {
  readonly #servers: readonly Server[]
  readonly #watcher: Watcher
  readonly #wants = new Map<StreamKind, ReadonlySet<string>>()
  /** In the order of the servers; the last one is in use, those before it are tried again and again. */
  readonly #connections: Connection[] = []
  /** What servers used before have sent and the one in use has not. */
  readonly #carried = new Carried()

  constructor(servers: readonly Server[], watcher: Watcher) {
    this.#servers = servers
    this.#watcher = watcher
  }

  /** What is wrong with the connection, once there is no server left to turn to. */
  get trouble(): string | undefined {
    return this.#active?.trouble
  }

  /** The last error of every server that was tried, for people. */
  get troubles(): readonly string[] {
    return this.#connections.flatMap(({ server, lease }) => {
      const { trouble } = lease.client
      return trouble === undefined ? [] : [this.#servers.length === 1 ? trouble : `${server.uri}: ${trouble}`]
    })
  }

  /** The server in use. */
  get server(): Server | undefined {
    return this.#connections.at(-1)?.server
  }

  get #active(): AdsClient | undefined {
    return this.#connections.at(-1)?.lease.client
  }

  entry(kind: StreamKind, name: string): Entry | undefined {
    return this.#carried.entry(kind, name, this.#active?.entry(kind, name))
  }

  entries(kind: StreamKind): ReadonlyMap<string, Entry> {
    return this.#carried.entries(kind, this.#active?.entries(kind) ?? new Map<string, Entry>())
  }

  /** What is wanted here, where others share the server. */
  *wanted(kind: StreamKind): Iterable<readonly [name: string, entry: Entry]> {
    const names = this.#wants.get(kind) ?? nothing
    for (const each of this.entries(kind)) if (names.has(each[0]) || names.has(WILDCARD)) yield each
  }

  heard(kind: StreamKind): boolean {
    return this.#carried.heard(kind) || this.#active?.heard(kind) === true
  }

  /** Connects at the first want. */
  want(kind: StreamKind, names: ReadonlySet<string>): void {
    const opens = this.#connections.length === 0 && names.size > 0
    this.#wants.set(kind, names)
    if (opens) this.#connect()
    for (const { subscription } of this.#connections) subscription.want(kind, names)
    this.#prune(kind)
    // E4: others in this process may have asked the server before
    if (this.#fallBack() || opens) queueMicrotask(() => this.#tellAll())
  }

  close(): void {
    this.#closeFrom(0)
  }

  readonly #heardFrom: Watcher = (changes, handled) => {
    let all = this.#return()
    const dropped = new Map(STREAM_KINDS.map((kind) => [kind, this.#prune(kind)]))
    all = this.#fallBack() || all
    this.#watcher(all ? this.#everything() : joined(changes, dropped), handled)
  }

  #prune(kind: StreamKind): readonly string[] {
    return this.#carried.prune(kind, this.#wants.get(kind) ?? nothing, this.#active)
  }

  /** Another server may differ in anything. */
  #everything(): Changes {
    const named = (kind: StreamKind): Set<string> =>
      new Set([...this.entries(kind).keys(), ...(this.#wants.get(kind) ?? nothing)])
    return new Map(STREAM_KINDS.map((kind) => [kind, named(kind)]))
  }

  #tellAll(): void {
    if (this.#connections.length > 0) this.#watcher(this.#everything(), () => undefined)
  }

  /** F3: the first answer of an earlier server brings all back to it. True: it did. */
  #return(): boolean {
    const back = this.#connections.findIndex(({ lease }) => lease.client.trouble === undefined)
    if (back === -1 || back === this.#connections.length - 1) return false
    this.#carry()
    this.#closeFrom(back + 1)
    return true
  }

  /** F1 F2: the next server is asked for everything, and those before it are tried again. True: there is another. */
  #fallBack(): boolean {
    const before = this.#connections.length
    while (this.#active?.trouble !== undefined && this.#connections.length < this.#servers.length && this.#lacks()) {
      this.#carry()
      this.#connect()
    }
    return this.#connections.length > before
  }

  /** Something is wanted of which nothing is known, not even that it does not exist. */
  #lacks(): boolean {
    for (const [kind, names] of this.#wants) {
      for (const name of names) {
        if (name === WILDCARD ? !this.heard(kind) : (this.entry(kind, name)?.state ?? 'requested') === 'requested')
          return true
      }
    }
    return false
  }

  #connect(): void {
    const server = this.#servers[this.#connections.length]!
    const lease = server.lease()
    const subscription = lease.client.subscribe(this.#heardFrom)
    this.#connections.push({ server, lease, subscription })
    for (const [kind, names] of this.#wants) subscription.want(kind, names)
    this.#carried.strict = server.failOnDataErrors
  }

  #closeFrom(index: number): void {
    for (const { subscription, lease } of this.#connections.splice(index)) {
      subscription.close()
      lease.release()
    }
    this.#carried.strict = this.#connections.at(-1)?.server.failOnDataErrors ?? false
  }

  #carry(): void {
    for (const kind of STREAM_KINDS) this.#carried.take(kind, this.entries(kind), this.heard(kind))
  }
}

function joined(changes: Changes, dropped: ReadonlyMap<StreamKind, readonly string[]>): Changes {
  if ([...dropped.values()].every((names) => names.length === 0)) return changes
  return new Map(
    STREAM_KINDS.map((kind) => [kind, new Set([...(changes.get(kind) ?? nothing), ...(dropped.get(kind) ?? [])])]),
  )
}

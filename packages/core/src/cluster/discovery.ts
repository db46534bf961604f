// Endpoints whose addresses come from DNS: resolved when a call first needs them, renewed when a call finds them old.
// No timer of its own: a cluster that nobody calls asks nobody.
import type { Clock } from '../base/clock.ts'
import type { Endpoint as EndpointModel } from '../model/cluster.ts'

/** Name resolution comes in by the door. */
export interface Resolver {
  /** All addresses of a name and how long they hold. @throws when the name cannot be resolved */
  resolve(hostname: string): Promise<{ readonly addresses: readonly string[]; readonly ttlMs: number }>
}

/** Wait before another try after a failed resolution (Istio dnsRefreshRate is for the slow case; this is the quick one). */
const retryAfterMs = 1_000

interface Name {
  readonly model: EndpointModel
  addresses: readonly string[]
  validUntilMs: number
  failure: unknown
  asking: boolean
}

/** The names of one cluster. `changed` is called with all endpoints whenever an answer differs from what was known. */
export class DnsDiscovery {
  readonly #clock: Clock
  readonly #resolver: Resolver
  readonly #changed: (endpoints: readonly EndpointModel[]) => void
  #names: readonly Name[] = []
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock, resolver: Resolver, changed: (endpoints: readonly EndpointModel[]) => void) {
    this.#clock = clock
    this.#resolver = resolver
    this.#changed = changed
  }

  /** What the configuration names; known answers are kept. */
  update(models: readonly EndpointModel[]): void {
    const known = new Map(this.#names.map((name) => [name.model.address, name]))
    this.#names = models.map((model) => {
      const before = known.get(model.address)
      return {
        model,
        addresses: before?.addresses ?? [],
        validUntilMs: before?.validUntilMs ?? -Infinity,
        failure: before?.failure,
        asking: false,
      }
    })
    this.#publish()
    if (this.#waiting.length > 0) this.refresh()
    this.#tellWaiting()
  }

  /** Nothing is named any more: late answers are dropped, nobody waits. */
  stop(): void {
    this.#names = []
    this.#tellWaiting()
  }

  /** True once every name was answered or has failed at least once. */
  get settled(): boolean {
    return this.#names.every((name) => name.validUntilMs !== -Infinity)
  }

  /** Asks again for names whose answers are too old; what is known keeps serving meanwhile. */
  refresh(): void {
    const now = this.#clock.now()
    for (const name of this.#names) if (!name.asking && now >= name.validUntilMs) this.#ask(name)
  }

  /** Calls back once, when `settled`. */
  whenSettled(then: () => void): void {
    this.#waiting.push(then)
    this.refresh()
  }

  #ask(name: Name): void {
    name.asking = true
    this.#resolver.resolve(name.model.address).then(
      ({ addresses, ttlMs }) => this.#answered(name, addresses, ttlMs, undefined),
      (failure: unknown) => this.#answered(name, name.addresses, retryAfterMs, failure),
    )
  }

  #answered(name: Name, addresses: readonly string[], ttlMs: number, failure: unknown): void {
    name.asking = false
    name.failure = failure
    name.validUntilMs = this.#clock.now() + ttlMs
    // late answers for names that are no longer configured are dropped
    if (!this.#names.includes(name)) return
    const same =
      addresses.length === name.addresses.length && addresses.every((address) => name.addresses.includes(address))
    name.addresses = addresses
    if (!same) this.#publish()
    this.#tellWaiting()
  }

  #tellWaiting(): void {
    if (this.settled) for (const then of this.#waiting.splice(0)) then()
  }

  #publish(): void {
    this.#changed(
      this.#names.flatMap(({ model, addresses }) =>
        addresses.map((address) => ({
          ...model,
          address,
          name: model.name ?? model.address,
          hostname: model.hostname ?? model.address,
        })),
      ),
    )
  }
}

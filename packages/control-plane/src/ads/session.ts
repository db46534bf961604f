// One client's stream: takes its requests, leads it from one state of things to the next, and never runs ahead of it.
// Of each kind one response is on its way at a time; what changes meanwhile waits as the newest state, never as a queue.
// Knows no socket: the server gives it a wire.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import { type Kind, KINDS } from '@proxyless/xds'
import { Passage } from './passage.ts'
import type { ResourceSets } from './resource-set.ts'
import type { Request, Variant } from './variant.ts'
import { type Telling, Watch } from './watch.ts'

export interface SessionOptions {
  readonly variant: Variant
  readonly clock: Clock
  /** False: no more before `drained`. */
  readonly send: (bytes: Uint8Array) => boolean
  readonly observer: SessionObserver
}

export interface SessionObserver {
  sent(kind: Kind, bytes: number): void
  accepted(kind: Kind): void
  refused(nack: Nack): void
}

/** A NACK. */
export interface Nack {
  readonly kind: Kind
  /** Of the response that was refused. */
  readonly version: string
  /** What was in it. */
  readonly names: readonly string[]
  readonly message: string
}

/** What became of a kind on this stream, for people. */
export interface Progress {
  readonly kind: Kind
  readonly wildcard: boolean
  readonly names: number
  readonly sent: string
  readonly accepted: string
  /** Milliseconds for which a response has been waiting for its answer. */
  readonly waitingMs: number | undefined
  readonly refused: string | undefined
}

interface Flight {
  readonly telling: Telling
  readonly sinceMs: number
}

interface Lane {
  readonly watch: Watch
  /** Unanswered. */
  flight: Flight | undefined
  nonce: string
  sent: string
  accepted: string
  refused: string | undefined
}

/** How long news of routes waits for a client to ask for the endpoints of new clusters. */
const endpointsWaitMs = 1000

export class Session {
  readonly #options: SessionOptions
  readonly #lanes = new Map<Kind, Lane>()
  readonly #passage: Passage
  #newest: ResourceSets | undefined
  #nonces = 0
  #wireFull = false
  /** Endpoints of new clusters that the client has not asked for yet. */
  #expected: { readonly names: readonly string[]; readonly timer: TimerHandle } | undefined

  constructor(options: SessionOptions, sets: ResourceSets) {
    this.#options = options
    this.#passage = new Passage(sets)
  }

  /** A newer state; of several that come while the client is busy only the last counts. */
  offer(sets: ResourceSets): void {
    this.#newest = sets
    this.#work()
  }

  take(request: Request): void {
    const { kind } = request
    if (kind === undefined) return
    const known = this.#lanes.get(kind)
    const lane = known ?? this.#open(kind)
    // the first of its kind may carry what an earlier stream left it with
    const stale = known !== undefined && request.nonce !== '' && request.nonce !== lane.nonce
    if (stale && request.overtaken !== undefined) return request.overtaken(lane.watch)
    if (!stale && request.nonce !== '') this.#answered(kind, lane, request.error)
    request.apply(lane.watch, known === undefined, this.#passage.at[kind])
    this.#work()
  }

  drained(): void {
    this.#wireFull = false
    this.#work()
  }

  close(): void {
    this.#stopExpecting()
  }

  /** Whether the client has all of a state that it asked for, and has said so. */
  has(sets: ResourceSets): boolean {
    const answered = [...this.#lanes.values()].every(({ flight }) => flight === undefined)
    return answered && this.#newest === undefined && this.#passage.has(sets)
  }

  progress(): Progress[] {
    const now = this.#options.clock.now()
    return [...this.#lanes].map(([kind, { watch, flight, sent, accepted, refused }]) => ({
      kind,
      wildcard: watch.wildcard,
      names: watch.names.size,
      sent,
      accepted,
      waitingMs: flight === undefined ? undefined : now - flight.sinceMs,
      refused,
    }))
  }

  #open(kind: Kind): Lane {
    const watch = new Watch(this.#options.variant.manner(kind))
    const lane: Lane = { watch, flight: undefined, nonce: '', sent: '', accepted: '', refused: undefined }
    this.#lanes.set(kind, lane)
    return lane
  }

  #answered(kind: Kind, lane: Lane, error: string | undefined): void {
    const { flight } = lane
    // a second word on the same response only changes what is asked for
    if (flight === undefined) return
    lane.flight = undefined
    const { version, resources, removed } = flight.telling
    lane.refused = error
    if (error === undefined) {
      lane.accepted = version
      this.#options.observer.accepted(kind)
      return
    }
    const names = [...resources.map(({ name }) => name), ...removed]
    this.#options.observer.refused({ kind, version, names, message: error })
  }

  /** Says what is due; once nothing is on its way any more, goes on to what comes next. */
  #work(): void {
    do {
      for (const kind of KINDS) this.#tell(kind)
    } while (this.#advance())
  }

  #tell(kind: Kind): void {
    const lane = this.#lanes.get(kind)
    if (lane === undefined || lane.flight !== undefined || this.#wireFull) return
    const telling = lane.watch.next(this.#passage.at[kind])
    if (telling === undefined) return
    const { variant, clock, send, observer } = this.#options
    const nonce = `${++this.#nonces}`
    lane.flight = { telling, sinceMs: clock.now() }
    lane.nonce = nonce
    lane.sent = telling.version
    const bytes = variant.write(kind, telling, nonce)
    this.#wireFull = !send(bytes)
    observer.sent(kind, bytes.length)
  }

  /** True when there may be something new to say. */
  #advance(): boolean {
    for (const { flight } of this.#lanes.values()) if (flight !== undefined) return false
    if (this.#wireFull || this.#isExpecting()) return false
    if (this.#passage.done) {
      if (this.#newest === undefined) return false
      this.#passage.begin(this.#newest)
      this.#newest = undefined
    }
    const { changedClusters, newEndpoints } = this.#passage.step()
    this.#warm(changedClusters)
    this.#expect(newEndpoints)
    return true
  }

  /** Whoever warms a changed cluster waits for its endpoints again. */
  #warm(clusters: readonly string[]): void {
    const endpoints = this.#lanes.get('endpoints')?.watch
    if (endpoints === undefined || this.#lanes.get('cluster')?.watch.wildcard !== true) return
    const { listed } = this.#passage.at.endpoints
    for (const name of clusters) if (endpoints.wants(name) && listed.has(name)) endpoints.owe(name)
  }

  #expect(added: readonly string[]): void {
    const asksForAll = this.#lanes.get('cluster')?.watch.wildcard === true
    if (!asksForAll || added.length === 0 || !this.#lanes.has('endpoints')) return
    const late = (): void => {
      this.#expected = undefined
      this.#work()
    }
    const timer = this.#options.clock.setTimer(endpointsWaitMs, late, true)
    this.#expected = { names: added, timer }
  }

  #isExpecting(): boolean {
    const endpoints = this.#lanes.get('endpoints')?.watch
    if (this.#expected === undefined || endpoints === undefined) return false
    if (!this.#expected.names.every((name) => endpoints.wants(name))) return true
    this.#stopExpecting()
    return false
  }

  #stopExpecting(): void {
    this.#options.clock.clearTimer(this.#expected?.timer)
    this.#expected = undefined
  }
}

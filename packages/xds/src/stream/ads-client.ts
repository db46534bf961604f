// One server, one stream: keeps it alive, says what is wanted, answers every response, and keeps the last good of everything.
// Knows no socket (AdsTransport) and no message (Variant); what resources mean is the decoder's.
import { type Clock, type Random, type Sliced, Slices, type TimerHandle } from '@proxyless/core/spi'
import { Job } from '../piecewise.ts'
import { apply, type Decode, type Read, readAll } from './apply.ts'
import { Backoff } from './backoff.ts'
import { type Kind, KINDS, WILDCARD } from './kinds.ts'
import { ResourceTimers } from './resource-timers.ts'
import { type Changes, type Entry, Store } from './store.ts'
import type { AdsStream, AdsTransport } from './transport.ts'
import type { Incoming, Variant } from './variant.ts'
import { Wants } from './wants.ts'

const nackPauseMs = 100
const minStreamMs = 1000

export interface AdsClientOptions {
  readonly transport: AdsTransport
  readonly variant: Variant
  readonly clock: Clock
  readonly random: Random
  readonly decode: Decode
  /** How long a resource is waited for. Default 15 s. */
  readonly resourceTimeoutMs?: number
  /** A resource that did not come in time is in trouble, not absent; waits 30 s (gRFC A88). Default false. */
  readonly timeoutIsTransient?: boolean
  readonly failOnDataErrors?: boolean
}

/**
 * Told what has changed; of nothing where only the trouble of the connection did, or a kind was heard of for the first time.
 * The next message is read once all watchers have said that they `handled` it, at once or later (rule T11).
 */
export type Watcher = (changes: Changes, handled: () => void) => void

export interface Subscription {
  want(kind: Kind, names: ReadonlySet<string>): void
  close(): void
}

/** One stream from its opening to its end. */
interface Stream {
  wire: AdsStream | undefined
  open: boolean
  /** A response has come. */
  heard: boolean
  readonly sinceMs: number
}

export class AdsClient {
  readonly #options: AdsClientOptions
  readonly #store: Store
  readonly #wants = new Wants<Watcher>()
  readonly #watchers = new Set<Watcher>()
  readonly #backoff: Backoff
  readonly #slices: Slices
  readonly #existence: ResourceTimers
  readonly #ttl: ResourceTimers
  readonly #nackedAt = new Map<Kind, number>()
  readonly #heard = new Set<Kind>()
  #stream: Stream | undefined
  /** Runs between two streams. */
  #pause: { readonly timer: TimerHandle } | undefined
  /** Holds back a NACK that comes too soon after another. */
  #held: { readonly timer: TimerHandle } | undefined
  /** A message that is being read. */
  #reading: Sliced | undefined
  #flushing = false
  #reported: string | undefined
  #trouble: string | undefined
  #closed = false

  constructor(options: AdsClientOptions) {
    this.#options = options
    this.#store = new Store({ failOnDataErrors: options.failOnDataErrors ?? false })
    this.#backoff = new Backoff(options.random)
    this.#slices = new Slices(options.clock)
    this.#existence = new ResourceTimers(options.clock)
    this.#ttl = new ResourceTimers(options.clock)
  }

  get server(): string {
    return this.#options.transport.server
  }

  /** What is wrong with the connection; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  entry(kind: Kind, name: string): Entry | undefined {
    return this.#store.entry(kind, name)
  }

  entries(kind: Kind): ReadonlyMap<string, Entry> {
    return this.#store.entries(kind)
  }

  /** A response of this kind has come, on this stream or an earlier one. */
  heard(kind: Kind): boolean {
    return this.#heard.has(kind)
  }

  /** Connects at the first want. */
  subscribe(watcher: Watcher): Subscription {
    const owed = new Set<() => void>()
    const told: Watcher = (changes, handled) => {
      if (!this.#watchers.has(told)) return handled()
      owed.add(handled)
      watcher(changes, () => {
        if (owed.delete(handled)) handled()
      })
    }
    this.#watchers.add(told)
    return {
      want: (kind, names) => this.#want(told, kind, names),
      close: () => {
        this.#watchers.delete(told)
        for (const kind of KINDS) this.#want(told, kind, new Set())
        for (const handled of owed) handled()
        owed.clear()
      },
    }
  }

  close(): void {
    this.#closed = true
    this.#existence.cancelAll()
    this.#ttl.cancelAll()
    if (this.#pause !== undefined) this.#options.clock.clearTimer(this.#pause.timer)
    this.#dropHeld()
    this.#dropReading()
    const wire = this.#stream?.wire
    this.#stream = undefined
    wire?.close()
  }

  // ---- what is wanted ----

  #want(watcher: Watcher, kind: Kind, names: ReadonlySet<string>): void {
    if (this.#closed) return
    const before = this.#wants.of(kind)
    this.#wants.set(kind, watcher, names)
    const now = this.#wants.of(kind)
    for (const name of before) if (!now.has(name)) this.#unwant(kind, name, now)
    for (const name of now) if (name !== WILDCARD) this.#store.requested(kind, name)
    if (this.#stream === undefined && this.#pause === undefined && !this.#wants.empty) this.#connect()
    this.#flushSoon()
  }

  #unwant(kind: Kind, name: string, now: ReadonlySet<string>): void {
    this.#existence.cancel(kind, name)
    const stays = (each: string): boolean => now.has(each) || now.has(WILDCARD)
    const left = name === WILDCARD ? [...this.#store.entries(kind).keys()] : [name]
    for (const each of left) {
      if (stays(each)) continue
      this.#ttl.cancel(kind, each)
      this.#store.forget(kind, each)
    }
  }

  /** All changes of one tick make one request per kind. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#stream?.open !== true) return
    for (const kind of KINDS) {
      const wanted = this.#wants.of(kind)
      const request = this.#options.variant.request(kind, wanted, () => this.#store.versions(kind))
      if (request !== undefined) this.#stream.wire?.send(request)
      for (const name of wanted) this.#await(kind, name)
    }
  }

  #await(kind: Kind, name: string): void {
    if (this.#store.entry(kind, name)?.state !== 'requested' || this.#existence.has(kind, name)) return
    const transient = this.#options.timeoutIsTransient === true
    const waitMs = this.#options.resourceTimeoutMs ?? (transient ? 30_000 : 15_000)
    this.#existence.start(kind, name, waitMs, () => {
      const error = `the server did not send it within ${waitMs / 1000} s`
      this.#store.missing(kind, name, transient ? 'timeout' : 'doesNotExist', error)
      this.#report()
    })
  }

  // ---- the stream's life ----

  #connect(): void {
    const { clock, transport, variant } = this.#options
    const stream: Stream = { wire: undefined, open: false, heard: false, sinceMs: clock.now() }
    this.#stream = stream
    variant.opened()
    const wire = transport.open(variant.method, {
      opened: () => {
        if (this.#stream !== stream) return
        stream.open = true
        this.#flushSoon()
      },
      message: (bytes, next) => {
        if (this.#stream === stream) this.#message(stream, bytes, next)
      },
      ended: (reason) => {
        if (this.#stream === stream) this.#ended(stream, reason)
      },
    })
    if (this.#stream === stream) stream.wire = wire
    else wire.close()
  }

  #ended(stream: Stream, reason: string): void {
    this.#stream = undefined
    this.#existence.cancelAll()
    this.#dropHeld()
    this.#dropReading()
    if (!stream.heard) this.#trouble = reason
    const resume = (): void => {
      this.#pause = undefined
      if (!this.#wants.empty) this.#connect()
    }
    this.#pause = { timer: this.#options.clock.setTimer(this.#pauseMs(stream), resume, true) }
    this.#report()
  }

  /** A stream that worked is followed at once, unless streams end as fast as they begin. */
  #pauseMs(stream: Stream): number {
    if (!stream.heard) return this.#backoff.nextMs()
    return Math.max(0, stream.sinceMs + minStreamMs - this.#options.clock.now())
  }

  // ---- what the server says ----

  #message(stream: Stream, bytes: Uint8Array, next: () => void): void {
    let incoming: Incoming
    try {
      incoming = this.#options.variant.read(bytes)
    } catch {
      stream.wire?.close()
      this.#ended({ ...stream, heard: false }, 'the server sent what is no discovery response')
      return
    }
    stream.heard = true
    this.#trouble = undefined
    this.#backoff.reset()
    if (incoming.kind === undefined) {
      next()
      return
    }
    const { kind } = incoming
    const { clock, decode } = this.#options
    const receivedAt = clock.wallNow()
    // a stream that ends while its message is read takes the message with it: nothing of it has had an effect
    this.#reading = new Job(clock, readAll(kind, incoming, this.#store, decode, receivedAt), (all) => {
      this.#reading = undefined
      const first = !this.#heard.has(kind)
      this.#heard.add(kind)
      const error = this.#take(kind, incoming, all, receivedAt)
      // answered, and handled by all watchers
      const done = after(2, () => {
        if (this.#stream === stream) next()
      })
      this.#answer(stream, kind, incoming, error, done)
      this.#report(done, first)
    })
    this.#slices.begin(this.#reading)
  }

  #take(kind: Kind, incoming: Incoming, all: readonly Read[], receivedAt: number): string | undefined {
    const { completes } = this.#options.variant
    const wanted = this.#wants.of(kind)
    const { error, received, removed } = apply(kind, incoming, all, receivedAt, wanted, this.#store, completes)
    for (const [name, ttlMs] of received) {
      this.#existence.cancel(kind, name)
      if (ttlMs === undefined) this.#ttl.cancel(kind, name)
      else this.#ttl.start(kind, name, ttlMs, () => this.#expire(kind, name))
    }
    for (const name of removed) {
      this.#existence.cancel(kind, name)
      this.#ttl.cancel(kind, name)
    }
    return error
  }

  #expire(kind: Kind, name: string): void {
    if (this.#wants.of(kind).has(name)) this.#store.expired(kind, name)
    else this.#store.forget(kind, name)
    this.#report()
  }

  /** A NACK too soon after another waits: a server that repeats what was refused cannot make us spin. */
  #answer(stream: Stream, kind: Kind, incoming: Incoming, error: string | undefined, done: () => void): void {
    const { clock, variant } = this.#options
    const say = (): void => {
      this.#held = undefined
      if (this.#stream !== stream) return
      if (error !== undefined) this.#nackedAt.set(kind, clock.now())
      stream.wire?.send(variant.answer(kind, incoming, this.#wants.of(kind), error))
      done()
    }
    const waitMs = (this.#nackedAt.get(kind) ?? -Infinity) + nackPauseMs - clock.now()
    if (error === undefined || waitMs <= 0) say()
    else this.#held = { timer: clock.setTimer(waitMs, say, true) }
  }

  #dropReading(): void {
    if (this.#reading !== undefined) this.#slices.drop(this.#reading)
    this.#reading = undefined
  }

  #dropHeld(): void {
    if (this.#held !== undefined) this.#options.clock.clearTimer(this.#held.timer)
    this.#held = undefined
  }

  #report(handled: () => void = () => undefined, always = false): void {
    const changes = this.#store.takeChanges()
    const quiet = changes.size === 0 && this.#trouble === this.#reported && !always
    this.#reported = this.#trouble
    if (quiet || this.#closed || this.#watchers.size === 0) {
      handled()
      return
    }
    const watchers = [...this.#watchers]
    const done = after(watchers.length, handled)
    for (const watcher of watchers) watcher(changes, done)
  }
}

/** What is to be called so many times until `then` is. */
function after(times: number, then: () => void): () => void {
  let left = times
  return () => {
    left--
    if (left === 0) then()
  }
}

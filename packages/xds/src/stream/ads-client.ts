// One server, one stream: keeps it alive, says what is wanted, answers every response, and keeps the last good of everything.
// Knows no socket (AdsTransport) and no message (Variant); what resources mean is the decoder's.
import { Backoff, type Clock, type Random, type Sliced, type Slices, type TimerHandle } from '@proxyless/core/spi'
import { Job, type Piecewise, slicesOf } from '../piecewise.ts'
import { apply, type Decode, readAll, type Response } from './apply.ts'
import { Awaited } from './awaited.ts'
import { type StreamKind, STREAM_KINDS, WILDCARD } from './kinds.ts'
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
  want(kind: StreamKind, names: ReadonlySet<string>): void
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
  readonly #existence: Awaited
  readonly #ttl: ResourceTimers
  readonly #nackedAt = new Map<StreamKind, number>()
  readonly #heard = new Set<StreamKind>()
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
    this.#slices = slicesOf(options.clock)
    const waitMs = options.resourceTimeoutMs ?? (options.timeoutIsTransient === true ? 30_000 : 15_000)
    this.#existence = new Awaited(options.clock, waitMs, (kind, names) => this.#overdue(kind, names, waitMs))
    this.#ttl = new ResourceTimers(options.clock)
  }

  get server(): string {
    return this.#options.transport.server
  }

  /** What is wrong with the connection; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  entry(kind: StreamKind, name: string): Entry | undefined {
    return this.#store.entry(kind, name)
  }

  entries(kind: StreamKind): ReadonlyMap<string, Entry> {
    return this.#store.entries(kind)
  }

  /** A response of this kind has come, on this stream or an earlier one. */
  heard(kind: StreamKind): boolean {
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
        for (const kind of STREAM_KINDS) this.#want(told, kind, new Set())
        for (const handled of owed) handled()
        owed.clear()
      },
    }
  }

  close(): void {
    this.#closed = true
    this.#existence.clear()
    this.#ttl.cancelAll()
    if (this.#pause !== undefined) this.#options.clock.clearTimer(this.#pause.timer)
    this.#dropHeld()
    this.#dropReading()
    const wire = this.#stream?.wire
    this.#stream = undefined
    wire?.close()
    this.#options.transport.close()
  }

  // ---- what is wanted ----

  #want(watcher: Watcher, kind: StreamKind, names: ReadonlySet<string>): void {
    if (this.#closed) return
    const before = this.#wants.of(kind)
    this.#wants.set(kind, watcher, names)
    const now = this.#wants.of(kind)
    for (const name of before) if (!now.has(name)) this.#unwant(kind, name, now)
    for (const name of now) if (name !== WILDCARD) this.#store.requested(kind, name)
    if (this.#stream === undefined && this.#pause === undefined && !this.#wants.empty) this.#connect()
    this.#flushSoon()
  }

  #unwant(kind: StreamKind, name: string, now: ReadonlySet<string>): void {
    this.#existence.delete(kind, name)
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
    const flush: Sliced = {
      step: () => {
        this.#flushing = false
        this.#flush()
        return true
      },
    }
    queueMicrotask(() => this.#slices.begin(flush))
  }

  #flush(): void {
    if (this.#stream?.open !== true) return
    for (const kind of STREAM_KINDS) {
      const wanted = this.#wants.of(kind)
      const request = this.#options.variant.request(kind, wanted, () => this.#store.versions(kind))
      if (request !== undefined) this.#stream.wire?.send(request)
      for (const name of this.#store.requestedNames(kind)) this.#existence.add(kind, name)
    }
  }

  #overdue(kind: StreamKind, names: readonly string[], waitMs: number): void {
    const state = this.#options.timeoutIsTransient === true ? 'timeout' : 'doesNotExist'
    const error = `the server did not send it within ${waitMs / 1000} s`
    for (const name of names) this.#store.missing(kind, name, state, error)
    this.#report()
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
    this.#existence.clear()
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
      this.#report(next)
      return
    }
    const { clock } = this.#options
    this.#read(stream, { kind: incoming.kind, incoming, receivedAt: clock.wallNow() }, next)
  }

  #read(stream: Stream, response: Response, next: () => void): void {
    const { kind, incoming } = response
    const job = new Job(this.#options.clock, this.#readAndTake(response), (error) => {
      const first = !this.#heard.has(kind)
      this.#heard.add(kind)
      // answered, and handled by all watchers
      const done = after(2, () => {
        if (this.#stream === stream) next()
      })
      this.#answer(stream, kind, incoming, error, done)
      this.#report(done, first)
    })
    this.#reading = job
    this.#slices.begin(job)
  }

  /** A stream that ends while its message is read takes it along: nothing of it has had an effect. Afterwards it is taken to its end. */
  *#readAndTake(response: Response): Piecewise<string | undefined> {
    const { kind } = response
    const all = yield* readAll(response, this.#store, this.#options.decode)
    this.#reading = undefined
    return yield* apply(response, all, this.#store, this.#options.variant.completes, {
      wanted: () => this.#wants.of(kind),
      received: (name, ttlMs) => {
        this.#existence.delete(kind, name)
        if (ttlMs === undefined) this.#ttl.cancel(kind, name)
        else this.#ttl.start(kind, name, ttlMs, () => this.#expire(kind, name))
      },
      removed: (name) => {
        this.#existence.delete(kind, name)
        this.#ttl.cancel(kind, name)
      },
    })
  }

  #expire(kind: StreamKind, name: string): void {
    if (this.#wants.of(kind).has(name)) this.#store.expired(kind, name)
    else this.#store.forget(kind, name)
    this.#report()
  }

  /** A NACK too soon after another waits: a server that repeats what was refused cannot make us spin. */
  #answer(stream: Stream, kind: StreamKind, incoming: Incoming, error: string | undefined, done: () => void): void {
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

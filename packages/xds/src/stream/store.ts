// What the client knows of each resource: the last good one, and what is wrong. Survives streams.
// Knows no protocol and no time.
import type { StreamKind } from './kinds.ts'
import { STREAM_KINDS } from './kinds.ts'

/** Names follow CSDS. `nacked`, `doesNotExist` and `receivedError` may still have a last good resource. */
export type EntryState = 'requested' | 'acked' | 'nacked' | 'doesNotExist' | 'timeout' | 'receivedError'

export interface Known {
  readonly value: unknown
  /** As received: what tells a change from a repetition. */
  readonly bytes: Uint8Array
  readonly version: string
  /** Milliseconds since the Unix epoch, for people. */
  readonly receivedAt: number
}

export interface Entry {
  readonly state: EntryState
  readonly known: Known | undefined
  /** Why it is not there, or why the newest was not taken. */
  readonly error: string | undefined
  /** The one that was not taken. */
  readonly refused?: { readonly version: string; readonly at: number }
}

/** Names of what a reader can see to have changed, by kind. */
export type Changes = ReadonlyMap<StreamKind, ReadonlySet<string>>

export interface StoreOptions {
  /** Bad data costs the last good resource (gRFC A88 `fail_on_data_errors`). */
  readonly failOnDataErrors: boolean
}

export class Store {
  readonly #failOnDataErrors: boolean
  readonly #entries = new Map<StreamKind, Map<string, Entry>>(
    STREAM_KINDS.map((kind) => [kind, new Map<string, Entry>()]),
  )
  readonly #requested = new Map<StreamKind, Set<string>>(STREAM_KINDS.map((kind) => [kind, new Set<string>()]))
  #changes = new Map<StreamKind, Set<string>>()

  constructor(options: StoreOptions) {
    this.#failOnDataErrors = options.failOnDataErrors
  }

  /** What has changed since this was called last. */
  takeChanges(): Changes {
    const changes = this.#changes
    this.#changes = new Map()
    return changes
  }

  entry(kind: StreamKind, name: string): Entry | undefined {
    return this.entries(kind).get(name)
  }

  entries(kind: StreamKind): ReadonlyMap<string, Entry> {
    return this.#of(kind)
  }

  /** Names of which nothing is known but that they were asked for. */
  requestedNames(kind: StreamKind): ReadonlySet<string> {
    return this.#requested.get(kind)!
  }

  versions(kind: StreamKind): ReadonlyMap<string, string> {
    const versions = new Map<string, string>()
    for (const [name, { known }] of this.#of(kind)) {
      // what has no name cannot be told by it
      if (known !== undefined && name !== '') versions.set(name, known.version)
    }
    return versions
  }

  requested(kind: StreamKind, name: string): void {
    if (!this.#of(kind).has(name)) this.#set(kind, name, { state: 'requested', known: undefined, error: undefined })
  }

  /** A good resource; the same bytes as before are no change. */
  accept(kind: StreamKind, name: string, known: Known): void {
    const before = this.entry(kind, name)
    const same =
      before?.known !== undefined && (before.known.value === known.value || equalBytes(before.known.bytes, known.bytes))
    const kept = same ? { ...known, value: before.known?.value } : known
    const entry: Entry = { state: 'acked', known: kept, error: undefined }
    if (same && before.state === 'acked') this.#of(kind).set(name, entry)
    else this.#set(kind, name, entry)
  }

  refuse(kind: StreamKind, name: string, error: string, refused: Entry['refused']): void {
    this.#fail(kind, name, 'nacked', error, refused)
  }

  /** The server says why it does not send it. */
  failed(kind: StreamKind, name: string, error: string, isData: boolean): void {
    this.#fail(kind, name, 'receivedError', error, undefined, isData)
  }

  gone(kind: StreamKind, name: string): void {
    this.#fail(kind, name, 'doesNotExist', 'removed by the server')
  }

  /** Never came. */
  missing(kind: StreamKind, name: string, state: 'doesNotExist' | 'timeout', error: string): void {
    this.#set(kind, name, { state, known: undefined, error })
  }

  /** Its time to live has passed. */
  expired(kind: StreamKind, name: string): void {
    this.#set(kind, name, { state: 'doesNotExist', known: undefined, error: 'its time to live has passed' })
  }

  forget(kind: StreamKind, name: string): void {
    if (!this.#of(kind).delete(name)) return
    this.#requested.get(kind)!.delete(name)
    this.#changed(kind, name)
  }

  #fail(
    kind: StreamKind,
    name: string,
    state: EntryState,
    error: string,
    refused?: Entry['refused'],
    isData: boolean = true,
  ): void {
    const before = this.entry(kind, name)
    if (before?.state === state && before.error === error) return
    const known = this.#failOnDataErrors && isData ? undefined : before?.known
    this.#set(kind, name, { state, known, error, ...(refused === undefined ? {} : { refused }) })
  }

  #set(kind: StreamKind, name: string, entry: Entry): void {
    this.#of(kind).set(name, entry)
    const requested = this.#requested.get(kind)!
    if (entry.state === 'requested') requested.add(name)
    else requested.delete(name)
    this.#changed(kind, name)
  }

  #changed(kind: StreamKind, name: string): void {
    const names = this.#changes.get(kind)
    if (names === undefined) this.#changes.set(kind, new Set([name]))
    else names.add(name)
  }

  #of(kind: StreamKind): Map<string, Entry> {
    return this.#entries.get(kind)!
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

// One kind of resources on one stream: what the client asked for, what it was told, and what it is owed.
// Knows no message and no order among kinds.
import { type EncodedResource, WILDCARD } from '@proxyless/xds'
import { changeBetween, listOf, nothing, type ResourceSet } from './resource-set.ts'

/**
 * `whole`: a response holds all that was asked for, so that what is missing from it is gone.
 * `parts`: it holds what changed, and says nothing of the rest. `changes`: it also names what is gone.
 */
export type Manner = 'whole' | 'parts' | 'changes'

export interface Telling {
  readonly version: string
  readonly resources: readonly EncodedResource[]
  readonly removed: readonly string[]
}

export class Watch {
  readonly #manner: Manner
  readonly #names = new Set<string>()
  #wildcard = false
  #told: ResourceSet = nothing
  /** Sent at the next occasion whatever was told before. */
  readonly #owed = new Set<string>()
  /** Names that are not listed: what becomes of them is found out one by one. */
  readonly #unlisted = new Set<string>()
  /** An answer is due, even if it is empty: whoever asks for all there is waits for it. */
  #awaited = true
  /** Names were given on this stream: from then on none means none. */
  #named = false
  /** What the client may have dropped and asked for again without our seeing it. */
  readonly #doubted = new Set<string>()

  constructor(manner: Manner) {
    this.#manner = manner
  }

  get wildcard(): boolean {
    return this.#wildcard
  }

  get names(): ReadonlySet<string> {
    return this.#names
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name)
  }

  /** T7: the complete list. An empty one means all, for kinds that can be asked for so, as long as no name was given. */
  replace(names: readonly string[], allIfNone: boolean): void {
    const wanted = this.#meant(names, allIfNone)
    this.#named ||= names.length > 0
    const had = this.#all()
    this.unsubscribe(had.filter((name) => !wanted.has(name) || this.#doubted.has(name)))
    this.#doubted.clear()
    const has = new Set(this.#all())
    this.subscribe([...wanted].filter((name) => !has.has(name)))
  }

  /** A list that does not count, as a newer response was on its way: what it leaves out is sent again where a later one has it. */
  overtaken(names: readonly string[], allIfNone: boolean): void {
    const wanted = this.#meant(names, allIfNone)
    for (const name of this.#all()) if (!wanted.has(name)) this.#doubted.add(name)
  }

  #meant(names: readonly string[], allIfNone: boolean): ReadonlySet<string> {
    return new Set(names.length === 0 && allIfNone && !this.#named ? [WILDCARD] : names)
  }

  #all(): string[] {
    return this.#wildcard ? [WILDCARD, ...this.#names] : [...this.#names]
  }

  subscribe(names: Iterable<string>): void {
    for (const name of names) {
      if (name === WILDCARD) this.#subscribeAll()
      else {
        this.#names.add(name)
        this.owe(name)
      }
    }
  }

  /** D2: a name that the wildcard covers too stays, and is sent again, as the client may have dropped it. */
  unsubscribe(names: Iterable<string>): void {
    for (const name of names) {
      if (name === WILDCARD) this.#wildcard = false
      else if (this.#names.delete(name)) {
        this.#unlisted.delete(name)
        if (this.#wildcard) this.owe(name)
        else this.#owed.delete(name)
      }
    }
  }

  /** D1: what the client says it has from an earlier stream; `set` is what it is told now. */
  resume(versions: ReadonlyMap<string, string>, set: ResourceSet): void {
    for (const name of this.#wildcard ? set.listed.keys() : this.#names) {
      const found = set.find(name)
      if (found !== undefined && found.version === versions.get(name)) this.#owed.delete(name)
      else this.owe(name)
    }
    for (const name of versions.keys()) if (this.wants(name) && set.find(name) === undefined) this.owe(name)
    for (const name of this.#names) if (!set.listed.has(name)) this.#unlisted.add(name)
    this.#told = set
  }

  owe(name: string): void {
    this.#owed.add(name)
  }

  /** What is to be said so that the client has what it wants of `set`; undefined when it has. */
  next(set: ResourceSet): Telling | undefined {
    const { resources, removed } = this.#changes(set)
    this.#told = set
    this.#owed.clear()
    const { version } = set
    // parts cannot say that something is gone, or not there yet
    if (this.#manner === 'parts') return resources.length === 0 ? undefined : { version, resources, removed: [] }
    const awaited = this.#awaited && (this.#manner === 'whole' || this.#wildcard)
    this.#awaited = false
    if (!awaited && resources.length === 0 && removed.length === 0) return undefined
    if (this.#manner === 'whole') return { version, resources: this.#wanted(set), removed: [] }
    return { version, resources, removed }
  }

  #subscribeAll(): void {
    if (this.#wildcard) return
    this.#wildcard = true
    this.#told = nothing
    this.#awaited = true
  }

  #wanted(set: ResourceSet): readonly EncodedResource[] {
    if (this.#wildcard) return listOf(set)
    return [...this.#names].flatMap((name) => set.find(name) ?? [])
  }

  /** The list itself where nothing is left out or added: lists that many clients share are encoded once. */
  #changes(set: ResourceSet): { resources: readonly EncodedResource[]; removed: readonly string[] } {
    if (set === this.#told && this.#owed.size === 0) return { resources: [], removed: [] }
    const { put, gone } = changeBetween(this.#told, set)
    const changed = put.every(({ name }) => this.wants(name)) ? put : put.filter(({ name }) => this.wants(name))
    const more = new Map<string, EncodedResource>()
    const removed = new Set<string>()
    const look = (name: string, owed: boolean): void => {
      const found = set.find(name)
      if (found === undefined) {
        if (owed || this.#told.find(name) !== undefined) removed.add(name)
      } else if (owed || this.#told.find(name)?.version !== found.version) more.set(name, found)
    }
    for (const name of gone) if (this.wants(name)) look(name, false)
    for (const name of this.#unlisted) look(name, false)
    for (const name of this.#owed) look(name, true)
    for (const { name } of changed) more.delete(name)
    this.#sort(gone, changed, set)
    const resources = more.size === 0 ? changed : [...changed, ...more.values()]
    return { resources, removed: [...removed] }
  }

  #sort(gone: readonly string[], changed: readonly EncodedResource[], set: ResourceSet): void {
    for (const { name } of changed) this.#unlisted.delete(name)
    for (const name of gone) if (this.#names.has(name)) this.#unlisted.add(name)
    for (const name of this.#owed) if (this.#names.has(name) && !set.listed.has(name)) this.#unlisted.add(name)
  }
}

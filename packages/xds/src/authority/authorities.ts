// Who answers for which name (gRFC A47): plain names are for the servers of the first level, `xdstp://NAME/...` for those of the authority NAME.
// To its user all of them are one cache.
import type { Cache } from '../resolve/cache.ts'
import { type StreamKind, STREAM_KINDS } from '../stream/kinds.ts'
import { authorityOf, canonicalName } from '../stream/resource-name.ts'
import type { Entry } from '../stream/store.ts'
import type { Watcher } from '../stream/ads-client.ts'
import { Authority, type Server } from './authority.ts'

export interface AuthoritiesOptions {
  readonly servers: readonly Server[]
  /** Servers by the name of their authority. */
  readonly named: ReadonlyMap<string, readonly Server[]>
  readonly watcher: Watcher
}

export class Authorities implements Cache {
  readonly #plain: Authority
  readonly #named: ReadonlyMap<string, Authority>

  constructor({ servers, named, watcher }: AuthoritiesOptions) {
    this.#plain = new Authority(servers, watcher)
    this.#named = new Map([...named].map(([name, own]) => [name, new Authority(own, watcher)]))
  }

  /** Of any of them; undefined while all is well. */
  get trouble(): string | undefined {
    const troubles = this.#all().flatMap(({ trouble }) => trouble ?? [])
    return troubles.length === 0 ? undefined : [...new Set(troubles)].join('; ')
  }

  /** The last error of every server that was tried, for people. */
  get troubles(): readonly string[] {
    return [...new Set(this.#all().flatMap(({ troubles }) => troubles))]
  }

  entry(kind: StreamKind, name: string): Entry | undefined {
    const authority = authorityOf(name)
    if (authority === undefined) return this.#plain.entry(kind, name)
    const known = this.#named.get(authority)
    return known === undefined ? unknown(authority) : known.entry(kind, canonicalName(name))
  }

  entries(kind: StreamKind): ReadonlyMap<string, Entry> {
    if (this.#named.size === 0) return this.#plain.entries(kind)
    return new Map(this.#all().flatMap((authority) => [...authority.entries(kind)]))
  }

  *wanted(kind: StreamKind): Iterable<readonly [name: string, entry: Entry]> {
    for (const authority of this.#all()) yield* authority.wanted(kind)
  }

  /** Who is asked for a name now. */
  serverOf(name: string): Server | undefined {
    const authority = authorityOf(name)
    return authority === undefined ? this.#plain.server : this.#named.get(authority)?.server
  }

  heard(kind: StreamKind): boolean {
    return this.#plain.heard(kind)
  }

  want(kind: StreamKind, names: ReadonlySet<string>): void {
    const shares = new Map<string, Set<string>>()
    for (const name of names) {
      const authority = authorityOf(name)
      if (authority !== undefined) shares.set(authority, (shares.get(authority) ?? new Set()).add(canonicalName(name)))
    }
    this.#plain.want(
      kind,
      shares.size === 0 ? names : new Set([...names].filter((name) => authorityOf(name) === undefined)),
    )
    for (const [name, authority] of this.#named) authority.want(kind, shares.get(name) ?? new Set())
  }

  close(): void {
    for (const authority of this.#all()) {
      for (const kind of STREAM_KINDS) authority.want(kind, new Set())
      authority.close()
    }
  }

  #all(): Authority[] {
    return [this.#plain, ...this.#named.values()]
  }
}

/** N3: nobody is asked, so nothing is waited for. */
function unknown(authority: string): Entry {
  return { state: 'doesNotExist', known: undefined, error: `the bootstrap has no authority "${authority}"` }
}

// What servers used before have sent, while the one in use has not sent it yet: nothing is lost by changing servers.
// Empty but for the time after a change.
import type { Cache } from '../resolve/cache.ts'
import { type StreamKind, STREAM_KINDS, WILDCARD } from '../stream/kinds.ts'
import type { Entry, Known } from '../stream/store.ts'

const none: readonly string[] = []

export class Carried {
  readonly #known = new Map<StreamKind, Map<string, Known>>(
    STREAM_KINDS.map((kind) => [kind, new Map<string, Known>()]),
  )
  readonly #heard = new Set<StreamKind>()
  /** What the server in use refuses or does not have is not kept. */
  strict = false

  take(kind: StreamKind, entries: ReadonlyMap<string, Entry>, heard: boolean): void {
    const kept = this.#of(kind)
    for (const [name, { known }] of entries) if (known !== undefined) kept.set(name, known)
    if (heard) this.#heard.add(kind)
  }

  heard(kind: StreamKind): boolean {
    return this.#heard.has(kind)
  }

  /** @param own what the server in use has of it */
  entry(kind: StreamKind, name: string, own: Entry | undefined): Entry | undefined {
    const known = this.#of(kind).get(name)
    if (known === undefined || own?.known !== undefined) return own
    return { state: own === undefined || own.state === 'requested' ? 'acked' : own.state, known, error: own?.error }
  }

  entries(kind: StreamKind, own: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
    const kept = this.#of(kind)
    if (kept.size === 0) return own
    const all = new Map(own)
    for (const name of kept.keys()) all.set(name, this.entry(kind, name, own.get(name))!)
    return all
  }

  /**
   * Forgets what the server in use has sent itself, what nobody wants, and of all there are what it did not name.
   * @returns the names forgotten
   */
  prune(
    kind: StreamKind,
    wanted: ReadonlySet<string>,
    server: Pick<Cache, 'entry' | 'heard'> | undefined,
  ): readonly string[] {
    const kept = this.#of(kind)
    if (kept.size === 0) return none
    const forgotten: string[] = []
    const all = wanted.has(WILDCARD)
    for (const name of kept.keys()) {
      const own = server?.entry(kind, name)
      const goes = wanted.has(name) ? this.#replaced(own) : !all || server?.heard(kind) === true || this.#replaced(own)
      if (goes && kept.delete(name)) forgotten.push(name)
    }
    return forgotten
  }

  #replaced(own: Entry | undefined): boolean {
    return own?.known !== undefined || (this.strict && own !== undefined && own.state !== 'requested')
  }

  #of(kind: StreamKind): Map<string, Known> {
    return this.#known.get(kind)!
  }
}

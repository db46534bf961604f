// Who wants what: each subscriber names what it wants of a kind, the client asks the server for all of it.
import { canonicalName } from './resource-name.ts'
import { type StreamKind, STREAM_KINDS } from './kinds.ts'

const nothing: ReadonlySet<string> = new Set()

export class Wants<Owner> {
  readonly #byKind = new Map<StreamKind, Map<Owner, ReadonlySet<string>>>(STREAM_KINDS.map((kind) => [kind, new Map()]))
  readonly #union = new Map<StreamKind, ReadonlySet<string>>()

  /** All that is wanted of a kind. */
  of(kind: StreamKind): ReadonlySet<string> {
    return this.#union.get(kind) ?? nothing
  }

  /** Replaces what one owner wants of a kind. */
  set(kind: StreamKind, owner: Owner, names: ReadonlySet<string>): void {
    const owners = this.#byKind.get(kind)!
    if (names.size === 0) owners.delete(owner)
    else owners.set(owner, new Set([...names].map(canonicalName)))
    const [first, ...rest] = owners.values()
    this.#union.set(kind, rest.length === 0 ? (first ?? nothing) : new Set([first ?? nothing, ...rest].flatMap(list)))
  }

  get empty(): boolean {
    return STREAM_KINDS.every((kind) => this.of(kind).size === 0)
  }
}

function list(names: ReadonlySet<string>): string[] {
  return [...names]
}

// A map that differs from a larger one in a few entries and was made without a copy of it: what one change costs does not grow with the world.
// Immutable, as all that is in a configuration.

/** So many differences are carried along; more of them make a new map. */
const maxPatch = 256

export class PatchedMap<V> implements ReadonlyMap<string, V> {
  readonly #base: ReadonlyMap<string, V>
  /** Undefined: not there any more. */
  readonly #patch: ReadonlyMap<string, V | undefined>
  readonly size: number

  private constructor(base: ReadonlyMap<string, V>, patch: ReadonlyMap<string, V | undefined>, size: number) {
    this.#base = base
    this.#patch = patch
    this.size = size
  }

  static empty<V>(): PatchedMap<V> {
    return new PatchedMap(new Map<string, V>(), new Map(), 0)
  }

  /** The same with some entries replaced, added at the end, or taken out (undefined). */
  with(changes: ReadonlyMap<string, V | undefined>): PatchedMap<V> {
    if (this.#patch.size + changes.size > maxPatch) return this.#copied(changes)
    let size = this.size
    const patch = new Map(this.#patch)
    for (const [key, value] of changes) {
      size += Number(value !== undefined) - Number(this.has(key))
      patch.set(key, value)
    }
    return new PatchedMap(this.#base, patch, size)
  }

  #copied(changes: ReadonlyMap<string, V | undefined>): PatchedMap<V> {
    const base = new Map(this.#patch.size === 0 ? this.#base : this)
    for (const [key, value] of changes) {
      if (value === undefined) base.delete(key)
      else base.set(key, value)
    }
    return new PatchedMap(base, new Map(), base.size)
  }

  /** The keys whose values may differ from those of an earlier map; undefined: that one is no near relative. */
  changedSince(before: ReadonlyMap<string, V>): Iterable<string> | undefined {
    if (!(before instanceof PatchedMap) || before.#base !== this.#base) return undefined
    return new Set([...before.#patch.keys(), ...this.#patch.keys()])
  }

  get(key: string): V | undefined {
    return this.#patch.has(key) ? this.#patch.get(key) : this.#base.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  *entries(): Generator<[string, V], undefined> {
    for (const [key, value] of this.#base) {
      const now = this.#patch.has(key) ? this.#patch.get(key) : value
      if (now !== undefined) yield [key, now]
    }
    for (const [key, value] of this.#patch) if (value !== undefined && !this.#base.has(key)) yield [key, value]
    return undefined
  }

  *keys(): Generator<string, undefined> {
    for (const [key] of this.entries()) yield key
    return undefined
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value
    return undefined
  }

  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this)
  }

  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.entries()
  }
}

// Hosts and wildcard hosts, found by the most specific match: exact first, then the longest wildcard.

export class WildcardIndex<T> {
  readonly #exact = new Map<string, T>()
  readonly #wild = new Map<string, T>()
  #lengths: number[] = []

  /** The first value of a host stays. */
  addFirst(host: string, value: T): boolean {
    const map = host.startsWith('*') ? this.#wild : this.#exact
    if (map.has(host)) return false
    map.set(host, value)
    if (map === this.#wild && !this.#lengths.includes(host.length)) {
      this.#lengths = [...this.#lengths, host.length].toSorted((a, b) => b - a)
    }
    return true
  }

  /** The value of exactly this host or pattern. */
  get(host: string): T | undefined {
    return this.#exact.get(host) ?? this.#wild.get(host)
  }

  /** The value of the most specific pattern that covers `host`, itself a name or a wildcard. */
  find(host: string): T | undefined {
    const exact = this.get(host)
    if (exact !== undefined) return exact
    for (const length of this.#lengths) {
      const suffix = length - 1
      if (suffix >= host.length) continue
      const value = this.#wild.get(`*${suffix === 0 ? '' : host.slice(-suffix)}`)
      if (value !== undefined) return value
    }
    return undefined
  }
}

/** Symmetric test: some name is covered by both patterns. */
export function overlaps(a: string, b: string): boolean {
  if (a.startsWith('*')) {
    const suffix = a.slice(1)
    return b.startsWith('*') ? b.slice(1).endsWith(suffix) || suffix.endsWith(b.slice(1)) : b.endsWith(suffix)
  }
  return b.startsWith('*') ? a.endsWith(b.slice(1)) : a === b
}

/** True when everything `inner` covers is covered by `outer`. */
export function isWithin(inner: string, outer: string): boolean {
  if (!outer.startsWith('*')) return inner === outer
  return inner.replace(/^\*/, '').endsWith(outer.slice(1))
}

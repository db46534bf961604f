// Request host and port -> virtual host: exact, longest suffix wildcard, longest prefix wildcard, `*`.
// A host for one port and a host for every port meet in one order; the earlier claim of a domain wins.

export interface HostEntry<T> {
  /** Lower case: exact, `*.x`, `*-x`, `x.*`, `*`. */
  readonly domains: readonly string[]
  readonly port?: number
  readonly value: T
}

export class HostTable<T> {
  readonly #values: readonly T[]
  readonly #anyPort = new DomainSet()
  readonly #byPort = new Map<number, DomainSet>()

  constructor(entries: readonly HostEntry<T>[]) {
    this.#values = entries.map((entry) => entry.value)
    entries.forEach((entry, position) => {
      const domains = entry.port === undefined ? this.#anyPort : this.#domainsOf(entry.port)
      for (const domain of entry.domains) domains.claim(domain, position)
    })
  }

  /** @param host lower case, without port and trailing dot */
  find(host: string, port: number): T | undefined {
    const ported = this.#byPort.get(port)
    const position =
      earlier(ported?.exact(host), this.#anyPort.exact(host)) ??
      this.#wildcard(host, ported) ??
      earlier(ported?.universal, this.#anyPort.universal)
    return position === undefined ? undefined : this.#values[position]
  }

  #wildcard(host: string, ported: DomainSet | undefined): number | undefined {
    return (
      longer(ported?.longestSuffix(host), this.#anyPort.longestSuffix(host)) ??
      longer(ported?.longestPrefix(host), this.#anyPort.longestPrefix(host))
    )
  }

  #domainsOf(port: number): DomainSet {
    let domains = this.#byPort.get(port)
    if (domains === undefined) {
      domains = new DomainSet()
      this.#byPort.set(port, domains)
    }
    return domains
  }
}

interface WildcardHit {
  readonly length: number
  readonly position: number
}

class DomainSet {
  universal: number | undefined = undefined
  readonly #exact = new Map<string, number>()
  readonly #suffixes = new Map<string, number>()
  readonly #prefixes = new Map<string, number>()
  /** Lengths of the wildcards' literal parts, longest first. */
  #suffixLengths: number[] = []
  #prefixLengths: number[] = []

  claim(domain: string, position: number): void {
    if (domain === '*') this.universal ??= position
    else if (domain.startsWith('*'))
      this.#suffixLengths = claimIn(this.#suffixes, this.#suffixLengths, domain.slice(1), position)
    else if (domain.endsWith('*'))
      this.#prefixLengths = claimIn(this.#prefixes, this.#prefixLengths, domain.slice(0, -1), position)
    else if (!this.#exact.has(domain)) this.#exact.set(domain, position)
  }

  exact(host: string): number | undefined {
    return this.#exact.get(host)
  }

  longestSuffix(host: string): WildcardHit | undefined {
    for (const length of this.#suffixLengths) {
      if (length >= host.length) continue
      const position = this.#suffixes.get(host.slice(host.length - length))
      if (position !== undefined) return { length, position }
    }
    return undefined
  }

  longestPrefix(host: string): WildcardHit | undefined {
    for (const length of this.#prefixLengths) {
      if (length >= host.length) continue
      const position = this.#prefixes.get(host.slice(0, length))
      if (position !== undefined) return { length, position }
    }
    return undefined
  }
}

function claimIn(map: Map<string, number>, lengths: number[], literal: string, position: number): number[] {
  if (map.has(literal)) return lengths
  map.set(literal, position)
  return lengths.includes(literal.length) ? lengths : [...lengths, literal.length].sort((a, b) => b - a)
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b
  return b === undefined || a < b ? a : b
}

function longer(a: WildcardHit | undefined, b: WildcardHit | undefined): number | undefined {
  if (a === undefined) return b?.position
  if (b === undefined) return a.position
  if (a.length !== b.length) return a.length > b.length ? a.position : b.position
  return Math.min(a.position, b.position)
}

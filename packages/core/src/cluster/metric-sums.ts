// What servers reported of their load, summed up by endpoint: for those who pass it on. There only where a cluster asks for it.
import type { Endpoint } from './endpoint.ts'

export interface MetricSum {
  /** How many reports had it. */
  readonly count: number
  readonly total: number
}

export class MetricSums {
  names: readonly string[]
  readonly #byEndpoint = new WeakMap<Endpoint, Map<string, MetricSum>>()

  constructor(names: readonly string[]) {
    this.names = names
  }

  /** Ever growing. */
  of(endpoint: Endpoint): ReadonlyMap<string, MetricSum> | undefined {
    return this.#byEndpoint.get(endpoint)
  }

  take(endpoint: Endpoint, metrics: ReadonlyMap<string, number>): void {
    for (const [name, value] of metrics) {
      if (!this.#wants(name)) continue
      const sums = this.#byEndpoint.get(endpoint) ?? new Map<string, MetricSum>()
      this.#byEndpoint.set(endpoint, sums)
      const before = sums.get(name)
      if (before === undefined && sums.size >= mostNames) continue
      sums.set(name, { count: (before?.count ?? 0) + 1, total: (before?.total ?? 0) + value })
    }
  }

  #wants(name: string): boolean {
    return this.names.includes(name) || this.names.includes(`${name.slice(0, name.indexOf('.'))}.*`)
  }
}

/** A server that makes up names must not grow this process. */
const mostNames = 100

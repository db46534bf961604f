// What became of the calls: of the next n that start after somebody asks, and of all since the start.
import { type Metadata, status } from '@grpc/grpc-js'
import type { MethodName, StatsRequest } from './messages.ts'

const names: Readonly<Record<MethodName, string>> = { EMPTY_CALL: 'EmptyCall', UNARY_CALL: 'UnaryCall' }

export interface Outcome {
  /** Who answered; empty: nobody that said its name. */
  readonly peer: string
  readonly head: Metadata | undefined
  readonly trailers: Metadata
  readonly code: status
}

interface Entry {
  readonly key: string
  readonly value: string
  readonly type: 'INITIAL' | 'TRAILING'
}

/** As LoadBalancerStatsResponse has it. */
class Collected {
  readonly rpcs_by_peer: Record<string, number> = {}
  readonly rpcs_by_method: Record<string, { readonly rpcs_by_peer: Record<string, number> }> = {}
  readonly metadatas_by_peer: Record<string, { readonly rpc_metadata: { readonly metadata: readonly Entry[] }[] }> = {}
  num_failures = 0
}

/** Collects calls that start after it, until it has enough of them. */
class Watch {
  readonly #keys: ReadonlySet<string>
  readonly #collected = new Collected()
  readonly #over: (collected: Collected) => void
  #left: number
  #open = 0

  constructor({ num_rpcs, metadata_keys }: StatsRequest, over: (collected: Collected) => void) {
    this.#left = num_rpcs
    this.#keys = new Set(metadata_keys.map((key) => key.toLowerCase()))
    this.#over = over
  }

  get wantsMore(): boolean {
    return this.#left > 0
  }

  /** What has not started or not ended has failed. */
  end(): void {
    this.#collected.num_failures += this.#left + this.#open
    this.#over(this.#collected)
  }

  started(): void {
    this.#left--
    this.#open++
  }

  ended(method: MethodName, outcome: Outcome): void {
    this.#open--
    const { peer, code } = outcome
    if (code !== status.OK || peer === '') this.#collected.num_failures++
    else this.#count(method, outcome)
    if (this.#left === 0 && this.#open === 0) this.end()
  }

  #count(method: MethodName, { peer, head, trailers }: Outcome): void {
    const { rpcs_by_peer, rpcs_by_method, metadatas_by_peer } = this.#collected
    rpcs_by_peer[peer] = (rpcs_by_peer[peer] ?? 0) + 1
    const byMethod = (rpcs_by_method[names[method]] ??= { rpcs_by_peer: {} }).rpcs_by_peer
    byMethod[peer] = (byMethod[peer] ?? 0) + 1
    if (this.#keys.size === 0) return
    const metadata = [...this.#said(head, 'INITIAL'), ...this.#said(trailers, 'TRAILING')]
    ;(metadatas_by_peer[peer] ??= { rpc_metadata: [] }).rpc_metadata.push({ metadata })
  }

  #said(metadata: Metadata | undefined, type: Entry['type']): Entry[] {
    const all = Object.keys(metadata?.getMap() ?? {}).filter((key) => this.#keys.has('*') || this.#keys.has(key))
    return all.flatMap((key) => (metadata?.get(key) ?? []).map((value) => ({ key, value: String(value), type })))
  }
}

interface Total {
  started: number
  readonly results: Map<status, number>
}

export class Statistics {
  readonly #watches = new Set<Watch>()
  readonly #totals = new Map<MethodName, Total>()

  /** A call begins; the result is to be told its end. */
  started(method: MethodName): (outcome: Outcome) => void {
    const total = this.#totalOf(method)
    total.started++
    const watches = [...this.#watches].filter((watch) => watch.wantsMore)
    for (const watch of watches) watch.started()
    return (outcome) => {
      total.results.set(outcome.code, (total.results.get(outcome.code) ?? 0) + 1)
      for (const watch of watches) if (this.#watches.has(watch)) watch.ended(method, outcome)
    }
  }

  get hasSucceeded(): boolean {
    return [...this.#totals.values()].some(({ results }) => results.has(status.OK))
  }

  next(request: StatsRequest, answer: (collected: Collected) => void): void {
    const watch = new Watch(request, (collected) => {
      clearTimeout(timer)
      this.#watches.delete(watch)
      answer(collected)
    })
    const timer = setTimeout(() => watch.end(), request.timeout_sec * 1000)
    this.#watches.add(watch)
    if (!watch.wantsMore) watch.end()
  }

  /** As LoadBalancerAccumulatedStatsResponse has it, with the older maps. */
  accumulated(): object {
    const by = (of: (total: Total) => number): object =>
      Object.fromEntries([...this.#totals].map(([method, total]) => [method, of(total)]))
    const ended = ({ results }: Total): number => [...results.values()].reduce((sum, count) => sum + count, 0)
    const good = ({ results }: Total): number => results.get(status.OK) ?? 0
    return {
      num_rpcs_started_by_method: by(({ started }) => started),
      num_rpcs_succeeded_by_method: by(good),
      num_rpcs_failed_by_method: by((total) => ended(total) - good(total)),
      stats_per_method: Object.fromEntries(
        [...this.#totals].map(([method, { started, results }]) => [
          method,
          { rpcs_started: started, result: Object.fromEntries(results) },
        ]),
      ),
    }
  }

  #totalOf(method: MethodName): Total {
    const total = this.#totals.get(method) ?? { started: 0, results: new Map<status, number>() }
    this.#totals.set(method, total)
    return total
  }
}

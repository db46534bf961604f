// What calls did since the last report: the difference of the endpoints' own counters, so that nothing is counted twice and a call
// pays nothing for being reported. Knows no stream and no clock.
import type { LivingCluster, LivingEndpoint } from '@proxyless/core/spi'

export type Living = () => ReadonlyMap<string, LivingCluster>

export interface EndpointLoad {
  readonly endpoint: LivingEndpoint
  readonly issued: number
  /** No answer, or one that blames the server: HTTP 5xx, and what stands for it in gRPC. */
  readonly errors: number
  readonly successes: number
  readonly inProgress: number
  /** What the server said of its own load. */
  readonly metrics: ReadonlyMap<string, MetricSum>
}

/** How many calls brought a metric, and its sum over them. */
interface MetricSum {
  readonly count: number
  readonly total: number
}

export interface ClusterLoad {
  readonly name: string
  /** Since when this was counted. */
  readonly sinceMs: number
  /** Calls refused by a limit. */
  readonly refused: number
  /** Calls that the configuration dropped, by category. */
  readonly dropped: ReadonlyMap<string, number>
  /** Those with nothing to tell are left out. */
  readonly endpoints: readonly EndpointLoad[]
}

/** What was told of an endpoint so far. */
interface Told {
  issued: number
  errors: number
  inProgress: number
  metrics: ReadonlyMap<string, MetricSum>
}

interface Tracked {
  sinceMs: number
  cluster: LivingCluster | undefined
  refused: number
  dropped: ReadonlyMap<string, number>
  /** Endpoints that calls have used; also those that have left, until all of their calls are told. */
  readonly told: Map<LivingEndpoint, Told>
}

export class LoadMeter {
  readonly #living: Living
  readonly #tracked = new Map<string, Tracked>()
  #all = false

  constructor(living: Living) {
    this.#living = living
  }

  /** From now on these are counted; one that was before loses nothing. */
  track(names: Iterable<string> | 'all', nowMs: number): void {
    this.#all = names === 'all'
    const wanted = new Set(names === 'all' ? this.#living().keys() : names)
    for (const name of this.#tracked.keys()) if (!this.#all && !wanted.has(name)) this.#tracked.delete(name)
    for (const name of wanted) if (!this.#tracked.has(name)) this.#begin(name, nowMs)
  }

  /** Everything since the last time, cluster by cluster; clusters with nothing to tell are left out. */
  take(nowMs: number): ClusterLoad[] {
    // one that came alive since then has done nothing before
    if (this.#all) for (const name of this.#living().keys()) if (!this.#tracked.has(name)) this.#add(name, nowMs)
    return [...this.#tracked].flatMap(([name, tracked]) => this.#takeOne(name, tracked, nowMs))
  }

  #begin(name: string, nowMs: number): void {
    this.#takeOne(name, this.#add(name, nowMs), nowMs)
  }

  #add(name: string, sinceMs: number): Tracked {
    const tracked: Tracked = { sinceMs, cluster: undefined, refused: 0, dropped: none, told: new Map() }
    this.#tracked.set(name, tracked)
    return tracked
  }

  #takeOne(name: string, tracked: Tracked, nowMs: number): ClusterLoad[] {
    const { sinceMs } = tracked
    const cluster = this.#living().get(name)
    const { refused, dropped } = losses(tracked, cluster)
    const listed = new Set(cluster?.endpoints())
    for (const endpoint of listed) {
      const used = endpoint.totalRequests > 0 || endpoint.failedRequests > 0
      if (used && !tracked.told.has(endpoint))
        tracked.told.set(endpoint, { issued: 0, errors: 0, inProgress: 0, metrics: new Map() })
    }
    const endpoints = [...tracked.told].flatMap(([endpoint, before]) => loadOf(endpoint, before, cluster))
    for (const endpoint of tracked.told.keys()) {
      if (!listed.has(endpoint) && endpoint.activeRequests === 0) tracked.told.delete(endpoint)
    }
    tracked.sinceMs = nowMs
    if (this.#all && cluster === undefined && tracked.told.size === 0) this.#tracked.delete(name)
    const quiet = endpoints.length === 0 && refused === 0 && dropped.size === 0
    return quiet ? [] : [{ name, sinceMs, refused, dropped, endpoints }]
  }
}

const none: ReadonlyMap<string, number> = new Map()

/** What was not sent at all. A cluster that was gone and came again counts from zero. */
function losses(tracked: Tracked, cluster: LivingCluster | undefined): Pick<ClusterLoad, 'refused' | 'dropped'> {
  const same = cluster === tracked.cluster
  const before = same ? tracked : { refused: 0, dropped: none }
  const refused = cluster?.limits.overflows ?? 0
  const dropped = new Map(cluster?.drops?.counts)
  const news = [...dropped].map(([category, count]) => [category, count - (before.dropped.get(category) ?? 0)] as const)
  const result = { refused: refused - before.refused, dropped: new Map(news.filter(([, count]) => count > 0)) }
  tracked.cluster = cluster
  tracked.refused = refused
  tracked.dropped = dropped
  return result
}

/** All that ended and was no error was well. */
function loadOf(endpoint: LivingEndpoint, before: Told, cluster: LivingCluster | undefined): EndpointLoad[] {
  const metrics = newMetrics(before, cluster?.metrics?.of(endpoint))
  const inProgress = endpoint.activeRequests
  const issued = endpoint.totalRequests - before.issued
  const errors = endpoint.failedRequests - before.errors
  const ended = issued + before.inProgress - inProgress
  before.issued = endpoint.totalRequests
  before.errors = endpoint.failedRequests
  before.inProgress = inProgress
  if (issued === 0 && errors === 0 && ended === 0 && inProgress === 0) return []
  return [{ endpoint, issued, errors, successes: Math.max(0, ended - errors), inProgress, metrics }]
}

function newMetrics(before: Told, now: ReadonlyMap<string, MetricSum> | undefined): ReadonlyMap<string, MetricSum> {
  if (now === undefined) return noMetrics
  const told = before.metrics
  before.metrics = new Map(now)
  const news = [...now].map(([name, { count, total }]) => {
    const { count: old = 0, total: oldTotal = 0 } = told.get(name) ?? {}
    return [name, { count: count - old, total: total - oldTotal }] as const
  })
  return new Map(news.filter(([, { count }]) => count > 0))
}

const noMetrics: ReadonlyMap<string, MetricSum> = new Map()

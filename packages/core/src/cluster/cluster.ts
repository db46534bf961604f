// A cluster lives as long as its name: endpoints, limits, outlier detection and the way to choose among the endpoints.
// Made when the first call needs it; updated in place; retired when its name is gone.
import { createPicker } from '../balance/create.ts'
import type { Clock } from '../base/clock.ts'
import type { EventLoop } from '../base/event-loop.ts'
import type { Random } from '../base/random.ts'
import type { Slices } from '../base/slices.ts'
import type { Cluster as ClusterModel, Endpoint as EndpointModel } from '../model/cluster.ts'
import { Adaptive } from './adaptive.ts'
import { Counts } from './counts.ts'
import { DnsDiscovery, type Resolver } from './discovery.ts'
import type { Draining } from './draining.ts'
import { Drops } from './drops.ts'
import { Endpoint, endpointKey } from './endpoint.ts'
import type { MakePicker } from './host-source.ts'
import { Limits } from './limits.ts'
import { MetricSums } from './metric-sums.ts'
import { Members } from './members.ts'
import { Observations, outOfBandMsOf } from './observations.ts'
import type { OutlierListener } from './ejections.ts'
import { type CheckedCluster, HealthChecker } from './health-checker.ts'
import type { HealthProbers } from './health-probe.ts'
import { OutlierDetector } from './outlier.ts'
import { anyEndpoint, type Selecting } from './selecting.ts'
import { Selection } from './selection.ts'
import { isConnectFailure, isServerError, type Verdict } from './verdict.ts'

/** What the house gives to its clusters. */
export interface ClusterHost {
  readonly clock: Clock
  readonly random: Random
  readonly resolver: Resolver
  /** Keeps the connections that no cluster lists any more. */
  readonly draining: Draining
  /** Where balancers build large tables; without it they build them at once. */
  readonly slices?: Slices
  /** How long the process was kept from looking; without it nobody knows. */
  readonly eventLoop?: EventLoop | undefined
  /** Who asks endpoints how they are. */
  readonly probers?: HealthProbers
  endpointHealthChanged(cluster: Cluster, endpoint: Endpoint): void
  endpointEjected(cluster: Cluster, endpoint: Endpoint, reason: string): void
  endpointReturned(cluster: Cluster, endpoint: Endpoint): void
}

export class Cluster implements OutlierListener, CheckedCluster {
  readonly name: string
  readonly limits: Limits
  readonly observations: Observations
  readonly counts: Counts = new Counts()
  readonly #house: ClusterHost
  readonly #members: Members
  /** Where requests named the address themselves (original destination). */
  #met: Map<string, Endpoint> | undefined = undefined
  /** Made when names are first to be resolved. */
  #dns: DnsDiscovery | undefined = undefined
  model: ClusterModel
  /** There only where its policy is. */
  adaptive: Adaptive | undefined = undefined
  /** There from the first policy of drops on. */
  drops: Drops | undefined = undefined
  /** There only where reported metrics are wanted. */
  metrics: MetricSums | undefined = undefined
  #outlier: OutlierDetector | undefined
  #checks: HealthChecker | undefined
  #selection: Selection
  retired = false

  constructor(model: ClusterModel, house: ClusterHost) {
    this.name = model.name
    this.model = model
    this.#house = house
    this.#members = new Members(house.draining)
    this.limits = new Limits(model.circuitBreakers, house.clock)
    this.observations = new Observations(model.loadBalancer, house.clock)
    this.#selection = this.#select(undefined)
    this.#apply(undefined)
  }

  /** Takes over a new version: endpoints matched by address keep their numbers and connections. */
  update(model: ClusterModel): void {
    const before = this.model
    this.model = model
    this.limits.thresholds = model.circuitBreakers
    this.observations.policy = model.loadBalancer
    this.#apply(before)
  }

  /** Whether anybody here looks at how long attempts take. */
  get wantsLatency(): boolean {
    return this.observations.wantsLatency || this.adaptive !== undefined
  }

  /** False while names are being resolved and endpoints checked for the first time; then `whenReady` calls back. */
  get ready(): boolean {
    return this.#resolved && (this.#checks === undefined || this.#checks.warm || this.endpointCount === 0)
  }

  whenReady(then: () => void): void {
    if (!this.#resolved) this.#dns?.whenSettled(() => this.whenReady(then))
    else if (this.ready || this.#checks === undefined) then()
    else this.#checks.whenWarm(then)
  }

  get #resolved(): boolean {
    return this.model.discovery.kind !== 'strictDns' || this.#dns?.settled === true
  }

  /** Somebody reads the heads of responses: doors show them to the call. */
  get wantsHeads(): boolean {
    return this.#checks !== undefined || this.observations.wantsLoad || this.metrics !== undefined
  }

  /** An endpoint for an attempt; undefined when none may be used. */
  pick(selecting: Selecting): Endpoint | undefined {
    if (this.model.discovery.kind === 'strictDns') this.#dns?.refresh()
    if (this.#selection.panics) this.counts.panicPicks++
    return this.#selection.pick(selecting, this.#house.random)
  }

  /** What `pick` would choose now, with these numbers. */
  peek(random: Random, selecting: Selecting = anyEndpoint): Endpoint | undefined {
    return this.#selection.peek(selecting, random)?.endpoint
  }

  /** The endpoint at a request's own address (original destination). */
  endpointAt(address: string, port: number): Endpoint {
    const { discovery } = this.model
    const model: EndpointModel = {
      address,
      port: (discovery.kind === 'originalDestination' ? discovery.port : undefined) ?? port,
      weight: 1,
      health: 'healthy',
      labels: {},
      locality: { region: '', zone: '', subzone: '' },
      priority: 0,
    }
    const key = endpointKey(model)
    let endpoint = this.#met?.get(key)
    if (endpoint === undefined) {
      endpoint = new Endpoint(model)
      this.#met ??= new Map()
      this.#met.set(key, endpoint)
    }
    return endpoint
  }

  /** An original destination that has no connection left is forgotten; its door says so. True: it was. */
  forget(endpoint: Endpoint): boolean {
    if (this.model.discovery.kind !== 'originalDestination' || endpoint.activeRequests > 0) return false
    if (this.#met?.delete(endpoint.key) !== true) return false
    endpoint.gone = true
    this.#outlier?.removed(endpoint)
    return true
  }

  /**
   * What an attempt meant; feeds outlier detection, the balancer and the endpoint's numbers.
   * @param sentAtMs when it was on a connection; NaN: never, or nobody wants to know
   */
  report(endpoint: Endpoint, verdict: Verdict, sentAtMs: number = Number.NaN): void {
    if (verdict.kind === 'failure') {
      if (verdict.failure === 'overflow') return this.adaptive?.withdrawn()
      this.counts.failed(verdict.failure)
    }
    this.adaptive?.report(verdict, sentAtMs)
    const failed = isServerError(verdict)
    if (failed) endpoint.failedRequests++
    // what never was on a connection was an attempt all the same
    if (verdict.kind === 'failure' && isConnectFailure(verdict.failure)) endpoint.totalRequests++
    if (this.observations.wantsLatency) this.observations.latency(endpoint, sentAtMs, failed)
    // an endpoint that has left must not be ejected: nobody would take it back
    if (!endpoint.gone) this.#outlier?.report(endpoint, verdict)
  }

  /** An attempt was given up because another was faster: it took at least so long. */
  reportOutrun(endpoint: Endpoint, sentAtMs: number): void {
    if (this.observations.wantsLatency) this.observations.latency(endpoint, sentAtMs, false)
    this.adaptive?.outrun(sentAtMs)
  }

  reportConnected(endpoint: Endpoint): void {
    this.#outlier?.reportConnected(endpoint)
  }

  /** An endpoint has asked to be left alone (`x-envoy-immediate-health-check-fail`). */
  reportUnfit(endpoint: Endpoint): void {
    this.#checks?.failNow(endpoint)
  }

  /** No new calls: connections finish what they carry, then close. */
  retire(): void {
    this.#stop()
    for (const endpoint of this.endpoints()) endpoint.drain(this.#house.draining)
  }

  /** Closes everything now. */
  destroy(): void {
    this.#stop()
    for (const endpoint of this.endpoints()) endpoint.destroy()
  }

  endpoints(): Iterable<Endpoint> {
    return this.model.discovery.kind === 'originalDestination' ? (this.#met?.values() ?? []) : this.#members.list
  }

  get endpointCount(): number {
    return this.model.discovery.kind === 'originalDestination' ? (this.#met?.size ?? 0) : this.#members.list.length
  }

  /** How endpoints are chosen; another one whenever they or their health change. */
  get selection(): Selection {
    return this.#selection
  }

  get outlierDetector(): OutlierDetector | undefined {
    return this.#outlier
  }

  ejected(endpoint: Endpoint, reason: string): void {
    this.counts.ejections++
    this.#rebuild()
    this.#house.endpointEjected(this, endpoint, reason)
  }

  returned(endpoint: Endpoint): void {
    this.#rebuild()
    this.#house.endpointReturned(this, endpoint)
  }

  warmedUp(): void {
    this.#rebuild()
  }

  healthChanged(endpoint: Endpoint, recovered: boolean): void {
    if (recovered && this.model.slowStart !== undefined) endpoint.healthySinceMs = this.#house.clock.now()
    this.#rebuild()
    this.#house.endpointHealthChanged(this, endpoint)
  }

  healthCheckPassed(endpoint: Endpoint): void {
    this.#outlier?.reportHealthy(endpoint)
  }

  #stop(): void {
    this.retired = true
    this.#checks?.close()
    this.#outlier?.close()
    this.#dns?.stop()
  }

  #apply(before: ClusterModel | undefined): void {
    const { discovery, outlierDetection } = this.model
    this.#applyOutlier(outlierDetection)
    this.#applyAdaptive()
    this.#applyDrops()
    this.#applyHealthCheck(before)
    if (before !== undefined && connectsDifferently(before, this.model)) this.#replaceConnections()
    if (discovery.kind !== 'originalDestination') this.#forgetMet()
    if (before?.discovery === discovery) this.#rebuild()
    else if (discovery.kind === 'strictDns') this.#resolve(discovery.endpoints)
    else {
      this.#setEndpoints(discovery.kind === 'originalDestination' ? [] : discovery.endpoints)
      this.#dns?.stop()
    }
  }

  #applyDrops(): void {
    const { drops = [], reportedMetrics = [] } = this.model
    if (reportedMetrics.length === 0) this.metrics = undefined
    else if (this.metrics === undefined) this.metrics = new MetricSums(reportedMetrics)
    else this.metrics.names = reportedMetrics
    if (this.drops !== undefined) this.drops.policies = drops
    else if (drops.length > 0) this.drops = new Drops(drops)
  }

  #resolve(names: readonly EndpointModel[]): void {
    const { clock, resolver } = this.#house
    this.#dns ??= new DnsDiscovery(clock, resolver, (endpoints) => this.#setEndpoints(endpoints))
    this.#dns.update(names)
  }

  #applyOutlier(policy: ClusterModel['outlierDetection']): void {
    if (policy !== undefined && this.#outlier !== undefined) {
      this.#outlier.policy = policy
      return
    }
    this.#outlier?.close()
    if (policy === undefined) for (const endpoint of this.endpoints()) endpoint.ejected = false
    const { clock, random } = this.#house
    this.#outlier = policy === undefined ? undefined : new OutlierDetector(policy, clock, random, this)
  }

  /** Endpoints that were there before the check keep serving until their first result. */
  #applyHealthCheck(before: ClusterModel | undefined): void {
    const { healthCheck } = this.model
    const { clock, random, probers } = this.#house
    const same = before !== undefined && isSame(before.healthCheck, healthCheck)
    if (same && !connectsDifferently(before, this.model)) return
    this.#checks?.close()
    this.#checks = undefined
    if (healthCheck === undefined || probers === undefined) {
      for (const endpoint of this.endpoints()) endpoint.checked = undefined
      return
    }
    this.#checks = new HealthChecker(healthCheck, { clock, random, probers }, this, before !== undefined)
    if (before !== undefined) this.#checks.update(this.#members.list, true)
  }

  #applyAdaptive(): void {
    const { adaptive } = this.model
    if (this.adaptive?.policy === adaptive) return
    const { clock, eventLoop } = this.#house
    this.adaptive = adaptive && new Adaptive(adaptive, clock, this.limits, eventLoop, this.adaptive)
  }

  #setEndpoints(models: readonly EndpointModel[]): void {
    const { added, gone } = this.#members.update(models)
    if (this.model.slowStart !== undefined) {
      const nowMs = this.#house.clock.now()
      for (const endpoint of added) endpoint.healthySinceMs = nowMs
    }
    for (const endpoint of gone) this.#left(endpoint)
    this.#checks?.update(this.#members.list, false)
    this.#rebuild()
  }

  #forgetMet(): void {
    for (const endpoint of this.#met?.values() ?? []) this.#left(endpoint)
    this.#met = undefined
  }

  #left(endpoint: Endpoint): void {
    endpoint.gone = true
    this.#outlier?.removed(endpoint)
    endpoint.drain(this.#house.draining)
  }

  #replaceConnections(): void {
    for (const endpoint of this.endpoints()) endpoint.drain(this.#house.draining)
  }

  #rebuild(): void {
    this.#selection = this.#select(this.#selection)
  }

  #select(before: Selection | undefined): Selection {
    const { model } = this
    const { clock, random, slices } = this.#house
    const pace = { clock, slowStart: model.slowStart, load: this.limits, slices }
    const make: MakePicker = (hosts, previous, shares) =>
      createPicker(
        model.loadBalancer,
        hosts,
        random.fork(),
        previous,
        shares === undefined ? pace : { ...pace, shares },
      )
    return new Selection(this.#members.list, model, random, make, before)
  }
}

/** Connections made under the old policy must not serve the new one. */
function connectsDifferently(before: ClusterModel, after: ClusterModel): boolean {
  const said = ({ tls, tlsMatches, protocol, connectionPool, connectTimeoutMs, loadBalancer }: ClusterModel): string =>
    JSON.stringify([tls, tlsMatches, protocol, connectionPool, connectTimeoutMs, outOfBandMsOf(loadBalancer)])
  return before !== after && said(before) !== said(after)
}

function isSame(before: ClusterModel['healthCheck'], after: ClusterModel['healthCheck']): boolean {
  return before === after || JSON.stringify(before) === JSON.stringify(after)
}

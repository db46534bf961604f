// A cluster lives as long as its name: endpoints, limits, outlier detection and the current picker.
// Made when the first call needs it; updated in place; retired when its name is gone.
import { createPicker } from '../balance/create.ts'
import type { Picker } from '../balance/picker.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Cluster as ClusterModel, Endpoint as EndpointModel } from '../model/cluster.ts'
import { DnsDiscovery, type Resolver } from './discovery.ts'
import { Endpoint, endpointKey } from './endpoint.ts'
import { chooseHosts, type HostChoice } from './host-set.ts'
import { Limits } from './limits.ts'
import { OutlierDetector, type OutlierListener } from './outlier.ts'
import type { Verdict } from './verdict.ts'

/** What the house gives to its clusters. */
export interface ClusterHost {
  readonly clock: Clock
  readonly random: Random
  readonly resolver: Resolver
  endpointEjected(cluster: Cluster, endpoint: Endpoint, reason: string): void
  endpointReturned(cluster: Cluster, endpoint: Endpoint): void
}

/** Envoy host_selection_retry_max_attempts as Istio sets it. */
const repicks = 5

export class Cluster implements OutlierListener {
  readonly name: string
  readonly limits: Limits
  readonly #house: ClusterHost
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #dns: DnsDiscovery
  model: ClusterModel
  #outlier: OutlierDetector | undefined
  #choice: HostChoice = { hosts: [], tier: 'none' }
  #picker: Picker<Endpoint> | undefined
  retired = false

  constructor(model: ClusterModel, house: ClusterHost) {
    this.name = model.name
    this.model = model
    this.#house = house
    this.limits = new Limits(model.circuitBreakers, house.clock)
    this.#dns = new DnsDiscovery(house.clock, house.resolver, (endpoints) => this.#setEndpoints(endpoints))
    this.#apply(undefined)
  }

  /** Takes over a new version: endpoints matched by address keep their numbers and connections. */
  update(model: ClusterModel): void {
    const before = this.model
    this.model = model
    this.limits.thresholds = model.circuitBreakers
    this.#apply(before)
  }

  /** False while names are being resolved for the first time; then `whenReady` calls back. */
  get ready(): boolean {
    return this.model.discovery.kind !== 'strictDns' || this.#dns.settled
  }

  whenReady(then: () => void): void {
    this.#dns.whenSettled(then)
  }

  /** An endpoint for an attempt; `tried` are those of earlier attempts, which are avoided up to 5 times. */
  pick(tried: readonly Endpoint[], avoidTried: boolean): Endpoint | undefined {
    if (this.model.discovery.kind === 'strictDns') this.#dns.refresh()
    const picker = this.#picker
    if (picker === undefined) return undefined
    let endpoint = picker.pick(this.#house.random)
    if (!avoidTried || tried.length === 0) return endpoint
    for (let more = 0; more < repicks && endpoint !== undefined && tried.includes(endpoint); more++) {
      endpoint = picker.pick(this.#house.random)
    }
    return endpoint
  }

  /** What `pick` would choose now, with these numbers. */
  peek(random: Random): Endpoint | undefined {
    return this.#picker?.peek(random)
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
    let endpoint = this.#endpoints.get(key)
    if (endpoint === undefined) {
      endpoint = new Endpoint(model)
      this.#endpoints.set(key, endpoint)
    }
    return endpoint
  }

  /** An original destination that has no connection left is forgotten; its door says so. True: it was. */
  forget(endpoint: Endpoint): boolean {
    if (this.model.discovery.kind !== 'originalDestination' || endpoint.activeRequests > 0) return false
    if (!this.#endpoints.delete(endpoint.key)) return false
    this.#outlier?.removed(endpoint)
    return true
  }

  /** What an attempt meant; feeds outlier detection and the endpoint's numbers. */
  report(endpoint: Endpoint, verdict: Verdict): void {
    if (verdict.kind === 'failure' && verdict.failure === 'overflow') return
    if (verdict.kind === 'failure' || verdict.status >= 500) endpoint.failedRequests++
    // an endpoint that has left must not be ejected: nobody would take it back
    if (this.#endpoints.get(endpoint.key) === endpoint) this.#outlier?.report(endpoint, verdict)
  }

  reportConnected(endpoint: Endpoint): void {
    this.#outlier?.reportConnected(endpoint)
  }

  /** No new calls: connections finish what they carry, then close. */
  retire(): void {
    this.#stop()
    for (const endpoint of this.#endpoints.values()) drain(endpoint)
  }

  /** Closes everything now. */
  destroy(): void {
    this.#stop()
    for (const endpoint of this.#endpoints.values()) {
      for (const connections of endpoint.connections.values()) connections.destroy()
    }
  }

  endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values()
  }

  get endpointCount(): number {
    return this.#endpoints.size
  }

  /** Which hosts are picked from, and which tier they are. */
  get choice(): HostChoice {
    return this.#choice
  }

  get outlierDetector(): OutlierDetector | undefined {
    return this.#outlier
  }

  ejected(endpoint: Endpoint, reason: string): void {
    this.#rebuild()
    this.#house.endpointEjected(this, endpoint, reason)
  }

  returned(endpoint: Endpoint): void {
    this.#rebuild()
    this.#house.endpointReturned(this, endpoint)
  }

  #stop(): void {
    this.retired = true
    this.#outlier?.close()
    this.#dns.stop()
  }

  #apply(before: ClusterModel | undefined): void {
    const { discovery, outlierDetection } = this.model
    this.#applyOutlier(outlierDetection)
    if (before !== undefined && connectsDifferently(before, this.model)) this.#replaceConnections()
    if (before?.discovery === discovery) this.#rebuild()
    else if (discovery.kind === 'strictDns') this.#dns.update(discovery.endpoints)
    else {
      if (discovery.kind !== 'originalDestination') this.#setEndpoints(discovery.endpoints)
      else if (before?.discovery.kind !== discovery.kind) this.#setEndpoints([])
      this.#dns.stop()
    }
  }

  #applyOutlier(policy: ClusterModel['outlierDetection']): void {
    if (policy !== undefined && this.#outlier !== undefined) {
      this.#outlier.policy = policy
      return
    }
    this.#outlier?.close()
    if (policy === undefined) for (const endpoint of this.#endpoints.values()) endpoint.ejected = false
    this.#outlier = policy === undefined ? undefined : new OutlierDetector(policy, this.#house.clock, this)
  }

  #setEndpoints(models: readonly EndpointModel[]): void {
    const gone = new Set(this.#endpoints.keys())
    for (const model of models) {
      const key = endpointKey(model)
      const endpoint = this.#endpoints.get(key)
      if (endpoint === undefined) this.#endpoints.set(key, new Endpoint(model))
      else endpoint.model = model
      gone.delete(key)
    }
    for (const key of gone) this.#remove(key)
    this.#rebuild()
  }

  #remove(key: string): void {
    const endpoint = this.#endpoints.get(key)
    if (endpoint === undefined) return
    this.#endpoints.delete(key)
    this.#outlier?.removed(endpoint)
    drain(endpoint)
  }

  #replaceConnections(): void {
    for (const endpoint of this.#endpoints.values()) drain(endpoint)
  }

  #rebuild(): void {
    this.#choice = chooseHosts([...this.#endpoints.values()], this.model.panicThreshold)
    const { hosts } = this.#choice
    this.#picker =
      hosts.length === 0
        ? undefined
        : createPicker(this.model.loadBalancer, hosts, this.#house.random.fork(), this.#picker)
  }
}

/** Connections made under the old policy must not serve the new one. */
function connectsDifferently(before: ClusterModel, after: ClusterModel): boolean {
  const said = ({ tls, protocol, connectionPool, connectTimeoutMs }: ClusterModel): string =>
    JSON.stringify([tls, protocol, connectionPool, connectTimeoutMs])
  return before !== after && said(before) !== said(after)
}

function drain(endpoint: Endpoint): void {
  for (const connections of endpoint.connections.values()) connections.drain()
  endpoint.connections.clear()
}

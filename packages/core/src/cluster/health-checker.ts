// Active health checks of one cluster: watches its endpoints and tells the cluster what changed (Envoy, SEMANTICS 9).
// Until the first round is over the cluster is not ready. Nothing ticks for a cluster without a check, nor after `close`.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Cluster as ClusterModel } from '../model/cluster.ts'
import type { HealthCheck } from '../model/health-check.ts'
import { CheckedHealth, type Transition } from './checked-health.ts'
import type { Endpoint } from './endpoint.ts'
import { type HealthProbers, makeProbe } from './health-probe.ts'
import { HealthWatch, type Watched } from './health-watch.ts'

/** The cluster, as its checks see it. */
export interface CheckedCluster {
  readonly model: ClusterModel
  endpoints(): Iterable<Endpoint>
  /** Nothing holds calls back any more. */
  warmedUp(): void
  /** An endpoint is another than it was. `recovered`: it had failed. */
  healthChanged(endpoint: Endpoint, recovered: boolean): void
  healthCheckPassed(endpoint: Endpoint): void
}

export class HealthChecker implements Watched {
  readonly timing: HealthCheck
  readonly clock: Clock
  readonly random: Random
  readonly #probers: HealthProbers
  readonly #cluster: CheckedCluster
  readonly #watches = new Map<Endpoint, HealthWatch>()
  readonly #firstRound = new Set<Endpoint>()
  readonly #waiting: (() => void)[] = []
  #hadTraffic = false
  #closed = false
  /** The first round is over. */
  warm: boolean

  /** @param serving the cluster has carried calls without checks: its endpoints may until their first result */
  constructor(
    check: HealthCheck,
    { clock, random, probers }: { readonly clock: Clock; readonly random: Random; readonly probers: HealthProbers },
    cluster: CheckedCluster,
    serving: boolean,
  ) {
    this.timing = check
    this.clock = clock
    this.random = random
    this.#probers = probers
    this.#cluster = cluster
    this.warm = serving
  }

  /** Watches those that are new, lets go of those that left. */
  update(endpoints: readonly Endpoint[], trusted: boolean): void {
    const listed = new Set(endpoints)
    for (const endpoint of this.#watches.keys()) if (!listed.has(endpoint)) this.#letGo(endpoint)
    const added = endpoints.filter((endpoint) => !this.#watches.has(endpoint))
    const watches = added.flatMap((endpoint) => this.#watch(endpoint, trusted) ?? [])
    // what has no endpoints cannot be checked, and has nothing to wait for
    if (endpoints.length > 0) this.#warmUp()
    else if (this.#waiting.length > 0) {
      this.#cluster.warmedUp()
      this.#tellWaiting()
    }
    for (const watch of watches) watch.start()
  }

  /** Calls back once, when `warm`. */
  whenWarm(then: () => void): void {
    if (this.warm || this.#closed) then()
    else this.#waiting.push(then)
  }

  /** An answer to a call has said `x-envoy-immediate-health-check-fail`. */
  failNow(endpoint: Endpoint): void {
    this.#watches.get(endpoint)?.failNow('it asked for no more calls')
  }

  close(): void {
    this.#closed = true
    for (const endpoint of this.#watches.keys()) this.#letGo(endpoint)
    this.#tellWaiting()
  }

  /** Sticky: once a call was made. */
  get hadTraffic(): boolean {
    if (this.#hadTraffic) return true
    for (const { totalRequests, failedRequests } of this.#cluster.endpoints())
      if (totalRequests > 0 || failedRequests > 0) this.#hadTraffic = true
    return this.#hadTraffic
  }

  checked(endpoint: Endpoint, passed: boolean, transition: Transition, recovered: boolean): void {
    if (passed && endpoint.checked?.failing === false) this.#cluster.healthCheckPassed(endpoint)
    this.#firstRound.delete(endpoint)
    if (this.warm && transition === 'changed') this.#cluster.healthChanged(endpoint, recovered)
    this.#warmUp()
  }

  #watch(endpoint: Endpoint, trusted: boolean): HealthWatch | undefined {
    const { model } = endpoint
    if (model.healthCheck?.disabled === true) return undefined
    const probe = makeProbe(this.#probers, this.timing, model, this.#cluster.model)
    if (probe === undefined) return undefined
    endpoint.checked ??= new CheckedHealth(trusted)
    const watch = new HealthWatch(endpoint, endpoint.checked, probe, this)
    this.#watches.set(endpoint, watch)
    if (!this.warm) this.#firstRound.add(endpoint)
    return watch
  }

  #letGo(endpoint: Endpoint): void {
    this.#watches.get(endpoint)?.close()
    this.#watches.delete(endpoint)
    this.#firstRound.delete(endpoint)
  }

  #warmUp(): void {
    if (this.warm || this.#closed || this.#firstRound.size > 0) return
    this.warm = true
    this.#cluster.warmedUp()
    this.#tellWaiting()
  }

  #tellWaiting(): void {
    for (const then of this.#waiting.splice(0)) then()
  }
}

// The house: holds the one mutable reference to the compiled world, the living clusters, and the way in for calls.
// Configuration comes from a ConfigSource; traffic from doors that make Exchanges.
import type { Clock } from '../base/clock.ts'
import type { EventLoop } from '../base/event-loop.ts'
import { MeshError } from '../base/error.ts'
import type { Random } from '../base/random.ts'
import type { RegexEngine } from '../base/regex.ts'
import { Slices } from '../base/slices.ts'
import { Timeouts } from '../base/timeouts.ts'
import { Waits } from '../base/waits.ts'
import { recordOf } from '../call/call-record.ts'
import { Call } from '../call/conduct.ts'
import { ActiveFaults } from '../call/fault.ts'
import type { CallHouse, CallSettings } from '../call/house.ts'
import { meshBits } from '../call/inheritance.ts'
import { type LocalReply, replyClosed, replyUnavailable } from '../call/local-reply.ts'
import type { MeshObserver } from '../call/observer.ts'
import type { Surroundings } from '../call/scope.ts'
import { Observers } from '../call/observers.ts'
import type { CallTracer } from '../call/trace.ts'
import type { Exchange } from '../call/transport.ts'
import { Cluster, type ClusterHost } from '../cluster/cluster.ts'
import type { Resolver } from '../cluster/discovery.ts'
import { Draining } from '../cluster/draining.ts'
import type { HealthProbers } from '../cluster/health-probe.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { Cluster as ClusterModel } from '../model/cluster.ts'
import type { MeshConfig } from '../model/config.ts'
import type { Problem } from '../model/origin.ts'
import { Affinity } from '../route/affinity.ts'
import type { RequestView } from '../route/request-view.ts'
import { Compiler } from './compile.ts'
import { type ExplainRequest, explainCall } from './explain.ts'
import type { Explanation } from './explanation.ts'
import { Snapshot } from './snapshot.ts'
import type { ConfigSink, ConfigSource } from './source.ts'
import { type MeshStatus, statusOf } from './status.ts'

export interface MeshOptions {
  readonly source: ConfigSource
  readonly clock: Clock
  readonly random: Random
  readonly regex: RegexEngine
  readonly resolver: Resolver
  readonly settings: CallSettings
  /** Where clusters correct for it; without it the loop counts as never blocked. */
  readonly eventLoop?: EventLoop
  readonly observer?: MeshObserver
  /** Who knows what surrounds a call; without it calls have no surroundings. */
  readonly surroundings?: Surroundings
  /** Who asks endpoints how they are; without it no health check is made. */
  readonly probers?: HealthProbers
}

export class Mesh implements CallHouse, ClusterHost, ConfigSink {
  readonly clock: Clock
  readonly random: Random
  readonly resolver: Resolver
  readonly settings: CallSettings
  readonly timeouts: Timeouts
  readonly waits: Waits
  readonly slices: Slices
  readonly affinity: Affinity
  readonly draining: Draining = new Draining()
  readonly activeFaults: ActiveFaults = new ActiveFaults()
  readonly eventLoop: EventLoop | undefined
  readonly probers: HealthProbers
  readonly surroundings: Surroundings | undefined
  readonly #source: ConfigSource
  readonly #observers = new Observers()
  readonly #compiler: Compiler
  readonly #clusters = new Map<string, Cluster>()
  readonly #ready: Promise<void>
  #becameReady: () => void = () => undefined
  #neverReady: (reason: MeshError) => void = () => undefined
  #snapshot: Snapshot | undefined
  #appliedAtMs: number | null = null
  #next: MeshConfig | undefined
  #sourceProblems: Problem[] = []
  /** Calls that wait for the first configuration. */
  readonly #early: Call[] = []
  /** Calls that wait until their host is known. */
  #asking: Call[] = []
  /** Why there is none. */
  #startFailure: MeshError | undefined
  /** Who follows calls; undefined: nobody. */
  tracer: CallTracer | undefined = undefined
  listens = false
  closed = false

  constructor(options: MeshOptions) {
    this.clock = options.clock
    this.random = options.random
    this.resolver = options.resolver
    this.settings = options.settings
    this.eventLoop = options.eventLoop
    this.probers = options.probers ?? {}
    this.surroundings = options.surroundings
    this.timeouts = new Timeouts(options.clock)
    this.waits = new Waits(options.clock)
    this.slices = new Slices(options.clock)
    this.affinity = new Affinity(options.clock, options.random.fork())
    if (options.observer !== undefined) this.observe(options.observer)
    this.#compiler = new Compiler(options.regex)
    this.#source = options.source
    this.#ready = new Promise((resolve, reject) => {
      this.#becameReady = resolve
      this.#neverReady = reject
    })
    // nobody may be waiting when the mesh closes early
    this.#ready.catch(() => undefined)
    this.#source.start(this)
  }

  /** Leads one call to its end; the exchange hears what became of it. */
  call(exchange: Exchange): Call | undefined {
    if (this.closed) {
      exchange.reply(replyClosed())
      return undefined
    }
    const call = new Call(this, exchange)
    if (this.surroundings !== undefined || (exchange.view.headerBits & meshBits) !== 0) call.look()
    exchange.attach(call)
    if (this.#snapshot === undefined) this.#callEarly(call)
    else call.begin()
    return call
  }

  /** True: no virtual host claims the request and it may pass, so that whoever would send it without a mesh can. */
  leaves(view: RequestView): boolean {
    const snapshot = this.#snapshot
    return snapshot?.config.unknownHosts.kind === 'passthrough' && snapshot.hostOf(view) === undefined
  }

  /** Before the first configuration calls wait for it, unless the source has said that there is none. */
  #callEarly(call: Call): void {
    if (this.#startFailure === undefined) this.#early.push(call)
    else call.answer(replyUnavailable(this.#startFailure.message))
  }

  /** Resolves when the first configuration is in force. @throws MeshError MESH_CLOSED when the mesh is closed before */
  ready(): Promise<void> {
    return this.#ready
  }

  /** Why a request would go where, as an ordered account; sends nothing and spends no chance. */
  explain(request: ExplainRequest | RequestView): Explanation {
    return explainCall(request, this.snapshot, {
      random: this.random.fork(),
      settings: this.settings,
      affinity: this.affinity,
      scope: this.surroundings?.current(),
      nowMs: this.clock.now(),
      cluster: (name) => this.cluster(name),
    })
  }

  /** What is in force, and what is wrong with it; `appliedAtMs` is wall time, null before the first. */
  configuration(): Pick<MeshStatus, 'version' | 'appliedAtMs' | 'problems'> {
    const { version = '', problems = [] } = this.#snapshot?.config ?? {}
    return { version, appliedAtMs: this.#appliedAtMs, problems: [...problems, ...this.#sourceProblems] }
  }

  /** Plain JSON: configuration, clusters in use, endpoints and their health. */
  status(): MeshStatus {
    return { ...this.configuration(), ...statusOf(this.#snapshot?.config, this.#clusters) }
  }

  /** From now on `observer` hears what happens, as the one of the options does; until what is returned is called. */
  observe(observer: MeshObserver): () => void {
    this.#observers.add(observer)
    this.listens = this.#observers.hearCalls
    return () => {
      this.#observers.remove(observer)
      this.listens = this.#observers.hearCalls
    }
  }

  /** Stops configuration, closes all connections; calls under way fail. Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#neverReady(new MeshError('MESH_CLOSED', 'the mesh was closed before it was ready'))
    const living = [...this.#clusters.values()]
    this.#clusters.clear()
    for (const cluster of living) cluster.destroy()
    this.draining.destroy()
    this.waits.close()
    for (const call of [...this.#early.splice(0), ...this.#asking.splice(0)]) call.answer(replyClosed())
    this.timeouts.close()
    this.slices.close()
    await this.#source.close()
  }

  // ---- for configuration sources ----

  /** Takes a new configuration; those of one tick are coalesced. */
  config(config: MeshConfig): void {
    const first = this.#next === undefined
    this.#next = config
    if (first) queueMicrotask(() => this.#apply())
  }

  /** Bad news of the source: before the first configuration it ends the start, later what is in force keeps serving. */
  problem(problem: Problem): void {
    if (this.#snapshot === undefined && this.#next === undefined && problem.severity === 'error') {
      this.#startFailure = new MeshError('CONFIG_UNAVAILABLE', `${problem.resource}: ${problem.message}`)
      this.#neverReady(this.#startFailure)
      for (const call of this.#early.splice(0)) call.answer(replyUnavailable(this.#startFailure.message))
    }
    this.#sourceProblems = [...this.#sourceProblems, problem].slice(-20)
    this.#observers.configApplied({ version: this.#snapshot?.config.version ?? '', problems: [problem] })
  }

  /** Clusters that calls have used, by name. */
  living(): ReadonlyMap<string, Cluster> {
    return this.#clusters
  }

  #apply(): void {
    const config = this.#next
    this.#next = undefined
    if (config === undefined || this.closed) return
    const before = this.#snapshot?.config.clusters
    this.#snapshot = new Snapshot(config, this.#compiler, this.#snapshot)
    this.#appliedAtMs = this.clock.wallNow()
    this.#sourceProblems = []
    const changed = before && config.clusters.changedSince?.(before)
    for (const name of changed ?? this.#clusters.keys()) this.#renew(name, config.clusters.get(name))
    this.#observers.configApplied({ version: config.version, problems: config.problems })
    this.#becameReady()
    for (const call of this.#early.splice(0)) call.beginLate()
    if (this.#asking.length > 0) this.#resumeAsking(this.#snapshot)
  }

  #resumeAsking(snapshot: Snapshot): void {
    const asks = snapshot.config.unknownHosts.kind === 'ask'
    const known = (call: Call): boolean => !asks || snapshot.hostOf(call.view) !== undefined
    const waiting = this.#asking
    this.#asking = waiting.filter((call) => !known(call))
    for (const call of waiting.filter(known)) call.beginLate()
  }

  #renew(name: string, model: ClusterModel | undefined): void {
    const cluster = this.#clusters.get(name)
    if (cluster === undefined || cluster.model === model) return
    if (model !== undefined) {
      cluster.update(model)
      return
    }
    this.#clusters.delete(name)
    cluster.retire()
  }

  // ---- for calls and clusters ----

  get snapshot(): Snapshot {
    if (this.#snapshot === undefined)
      throw new MeshError('MESH_CLOSED', 'the mesh has no configuration yet; await mesh.ready()')
    return this.#snapshot
  }

  /** The living cluster of a name; made at its first use. */
  cluster(name: string): Cluster | undefined {
    const living = this.#clusters.get(name)
    if (living !== undefined) return living
    const model = this.#snapshot?.cluster(name)
    if (model === undefined || this.closed) return undefined
    const cluster = new Cluster(model, this)
    this.#clusters.set(name, cluster)
    return cluster
  }

  awaitHost(call: Call): boolean {
    const host = this.#snapshot?.wantedHost(call.view)
    if (host === undefined || this.#source.want === undefined) return false
    this.#asking.push(call)
    this.#source.want(host)
    return true
  }

  remark(cluster: string): string | undefined {
    return this.#source.remark?.(cluster)
  }

  error(call: Call, reply: LocalReply): MeshError {
    const text = typeof reply.body === 'string' && reply.body !== '' ? reply.body : reply.details
    return new MeshError(reply.code ?? 'FAULT_ABORT', text, {
      flags: call.flags,
      details: reply.details,
      breadcrumb: call.breadcrumb,
      attempts: call.attempts,
      cause: reply.cause,
    })
  }

  ended(call: Call, status: number, startedAtMs: number): void {
    const { trace } = call
    if (trace === undefined && !this.listens) return
    // what a fault or a drop ends has not come to its cluster
    const model = call.cluster?.model ?? this.#snapshot?.cluster(call.request.clusterName)
    const record = recordOf(call, status, startedAtMs, this.clock, model?.service)
    trace?.ended(record)
    this.#observers.callEnded(record)
  }

  endpointEjected(cluster: Cluster, endpoint: Endpoint, reason: string): void {
    this.#observers.endpointEjected({ cluster: cluster.name, endpoint: endpoint.key, reason })
  }

  endpointReturned(cluster: Cluster, endpoint: Endpoint): void {
    this.#observers.endpointReturned({ cluster: cluster.name, endpoint: endpoint.key })
  }

  endpointHealthChanged(cluster: Cluster, endpoint: Endpoint): void {
    if (endpoint.checked === undefined) return
    const { state, reason } = endpoint.checked
    const healthy = state !== 'failing'
    this.#observers.endpointHealthChanged({
      cluster: cluster.name,
      endpoint: endpoint.key,
      healthy,
      reason: healthy ? state : reason,
    })
  }
}

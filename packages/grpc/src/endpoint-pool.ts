// The connections of one endpoint in one cluster, a queue, and the cluster's limits; a connection carries many calls.
// Order of Envoy's pools: a ready connection with room, else pending, else a new connection.
import type { ChannelOptions } from '@grpc/grpc-js'
import {
  type Clock,
  type Connections,
  type LivingCluster,
  type LivingEndpoint,
  parseLoadReport,
  type Random,
  tlsFor,
} from '@proxyless/core/spi'
import { connectFailureOf } from './failure.ts'
import type { GrpcAttempt } from './grpc-attempt.ts'
import type { Means } from './dial.ts'
import { Line, type LineWatcher } from './line.ts'
import { LoadStream } from './load-stream.ts'
import type { Lane } from './lane.ts'

/** Where a connection leads and how it is secured. */
interface Way {
  readonly lane: Lane
  readonly key: string
  readonly authority: string
}

export class EndpointPool implements Connections {
  readonly #cluster: LivingCluster
  readonly #endpoint: LivingEndpoint
  readonly #clock: Clock
  readonly #random: Random
  #onEmpty: () => void
  /** Connecting or ready. */
  readonly #lines: Line[] = []
  #queue: GrpcAttempt[] = []
  #draining = false

  constructor(
    cluster: LivingCluster,
    endpoint: LivingEndpoint,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
    onEmpty: () => void,
  ) {
    this.#cluster = cluster
    this.#endpoint = endpoint
    this.#clock = clock
    this.#random = random
    this.#onEmpty = onEmpty
  }

  get open(): number {
    return this.#lines.filter((line) => line.state === 'ready').length
  }

  /** Calls with the same key may share a connection. */
  keyFor(lane: Lane, authority: string): string {
    return lane.keyFor(tlsFor(this.#cluster.model, this.#endpoint.model), authority)
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: GrpcAttempt): void {
    const { limits } = this.#cluster
    const line = this.#lineFor(job.key)
    if (line !== undefined) {
      if (limits.tryRequest()) this.#send(line, job)
      else job.failed('overflow', undefined)
      return
    }
    if (!limits.tryPending()) {
      job.failed('overflow', undefined)
      return
    }
    this.#queue.push(job)
    this.#connectFor(job)
  }

  /** Opens a connection before a call needs it. */
  connectAhead(lane: Lane, authority: string, watcher: LineWatcher): void {
    const key = this.keyFor(lane, authority)
    if (this.#draining || this.#lines.some((line) => line.lane === key)) return
    this.#connect({ lane, key, authority }, watcher)
  }

  /** Takes a waiting job out. */
  remove(job: GrpcAttempt): void {
    const position = this.#queue.indexOf(job)
    if (position === -1) return
    this.#queue.splice(position, 1)
    this.#cluster.limits.pending--
  }

  /** A job has left its connection. */
  release(line: Line, job: GrpcAttempt): void {
    line.leave(job)
    this.#cluster.limits.requests--
    if (line.state !== 'ready') return
    if (this.#draining || this.#worn(line)) {
      if (line.active === 0) this.#leave(line)
      return
    }
    if (this.#queue.length > 0) this.#serveQueue()
  }

  drain(emptied: () => void): void {
    this.#draining = true
    this.#onEmpty = emptied
    for (const line of this.#lines) line.companion?.stop()
    const idle = this.#lines.filter((line) => line.state === 'ready' && line.active === 0)
    for (const line of idle) this.#leave(line)
    this.#emptied()
  }

  destroy(): void {
    this.#draining = true
    this.#failQueue(() => true, 'connectionTermination', undefined)
    for (const line of this.#lines.splice(0)) {
      this.#cluster.limits.connections--
      line.destroy()
    }
    this.#emptied()
  }

  #send(line: Line, job: GrpcAttempt): void {
    line.take(job)
    job.send(line, this)
  }

  #lineFor(key: string): Line | undefined {
    const { maxConcurrentStreams } = this.#cluster.model.connectionPool
    for (let i = 0; i < this.#lines.length; i++) {
      const line = this.#lines[i]
      if (line === undefined || line.lane !== key || line.state !== 'ready') continue
      if (line.active >= maxConcurrentStreams) continue
      if (!this.#worn(line)) return line
      if (line.active > 0) continue
      this.#leave(line)
      i--
    }
    return undefined
  }

  /** Too old, or has carried as many calls as it may. */
  #worn(line: Line): boolean {
    const { maxRequestsPerConnection, maxConnectionDurationMs } = this.#cluster.model.connectionPool
    if (maxRequestsPerConnection > 0 && line.served >= maxRequestsPerConnection) return true
    return maxConnectionDurationMs !== undefined && this.#clock.now() - line.openedAtMs >= maxConnectionDurationMs
  }

  #serveQueue(): void {
    const waiting = this.#queue
    this.#queue = []
    for (const job of waiting) {
      const line = this.#lineFor(job.key)
      if (line === undefined) {
        this.#queue.push(job)
        continue
      }
      this.#cluster.limits.pending--
      if (this.#cluster.limits.tryRequest()) this.#send(line, job)
      else job.failed('overflow', undefined)
    }
    for (const job of this.#queue) this.#connectFor(job)
  }

  /** Another connection where those that are coming cannot take all who wait, and the cluster's limit lets it. */
  #connectFor(job: GrpcAttempt): void {
    const { maxConcurrentStreams, maxRequestsPerConnection } = this.#cluster.model.connectionPool
    const room =
      maxRequestsPerConnection > 0 ? Math.min(maxConcurrentStreams, maxRequestsPerConnection) : maxConcurrentStreams
    const coming = this.#lines.filter((line) => line.state === 'connecting' && line.lane === job.key).length
    const waiting = this.#queue.filter(({ key }) => key === job.key).length
    if (waiting > coming * room) this.#connect(job, job.watcher)
  }

  #connect({ lane, key, authority }: Way, watcher: LineWatcher): void {
    const { limits, model } = this.#cluster
    if (!limits.tryConnection(this.#lines.length)) return
    const { model: endpoint } = this.#endpoint
    const way = tlsFor(model, endpoint)
    let means: Means
    try {
      const options = { ...lane.options, ...lane.namesFor(way, authority), ...this.#options() }
      means = { endpoint, copy: lane.copy, credentials: lane.credentialsFor(way), options }
    } catch (error) {
      limits.connections--
      const cause = error instanceof Error ? error : new Error(String(error))
      queueMicrotask(() => this.#failQueue((job) => job.key === key, 'connectFailure', cause))
      return
    }
    const line = new Line({ key, authority }, this.#clock.now(), {
      ready: () => {
        this.#followLoad()
        this.#serveQueue()
      },
      failed: (failed, cause) => this.#notConnected(failed, cause),
      gone: (gone) => this.#gone(gone),
    })
    this.#lines.push(line)
    line.watch(watcher)
    line.open(means, this.#clock, model.connectTimeoutMs)
  }

  /** One connection to one address that never retries, reconnects or keeps a buffer of its own: all that is done here. */
  #options(): ChannelOptions {
    return {
      'grpc.enable_retries': 0,
      'grpc.per_rpc_retry_buffer_size': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.client_idle_timeout_ms': Math.min(this.#cluster.model.connectionPool.idleTimeoutMs, 2 ** 31 - 1),
    }
  }

  /** An endpoint that cannot be reached fails everything that waits for it, so that callers can go elsewhere. */
  #notConnected(line: Line, cause: unknown): void {
    this.#strike(line)
    this.#failQueue(({ key }) => key === line.lane, connectFailureOf(cause), cause)
    this.#emptied()
  }

  #failQueue(
    which: (job: GrpcAttempt) => boolean,
    failure: Parameters<GrpcAttempt['failed']>[0],
    cause: unknown,
  ): void {
    const failed = this.#queue.filter(which)
    this.#queue = this.#queue.filter((job) => !which(job))
    this.#cluster.limits.pending -= failed.length
    for (const job of failed) job.failed(failure, cause)
  }

  /** Those who wait get another connection. */
  #gone(line: Line): void {
    this.#strike(line)
    if (this.#queue.length > 0) this.#serveQueue()
    this.#emptied()
  }

  #leave(line: Line): void {
    this.#strike(line)
    line.close()
    this.#emptied()
  }

  #strike(line: Line): void {
    const position = this.#lines.indexOf(line)
    if (position === -1) return
    this.#lines.splice(position, 1)
    this.#cluster.limits.connections--
    if (line.companion !== undefined) this.#followLoad()
  }

  /** Where the balancer wants the endpoint's own reports, one of its connections carries them. */
  #followLoad(): void {
    const { observations, model } = this.#cluster
    const { outOfBandMs } = observations
    if (outOfBandMs === undefined || this.#draining || this.#lines.some(({ companion }) => companion !== undefined))
      return
    const line = this.#lines.find(({ state }) => state === 'ready')
    if (line === undefined) return
    const stream = new LoadStream(line, {
      clock: this.#clock,
      random: this.#random,
      authority: line.authority,
      periodMs: outOfBandMs,
      idleTimeoutMs: model.connectionPool.idleTimeoutMs,
      report: (text) => {
        const report = parseLoadReport(text)
        if (report !== undefined) observations.load(this.#endpoint, report, true)
      },
      idle: () => this.#leave(line),
    })
    line.companion = stream
    stream.start()
  }

  #emptied(): void {
    if (this.#lines.length === 0 && this.#queue.length === 0) this.#onEmpty()
  }
}

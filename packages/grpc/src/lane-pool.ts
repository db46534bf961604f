// The connections of one lane to one endpoint, and those who wait for one: what Envoy calls a pool. A connection carries many calls.
// Its order: a ready connection with room, else pending, else a new connection; the cluster's limits say when not.
import type { ChannelOptions } from '@grpc/grpc-js'
import { type Clock, type LivingCluster, type LivingEndpoint, tlsFor } from '@proxyless/core/spi'
import { connectFailureOf } from './failure.ts'
import type { GrpcAttempt } from './grpc-attempt.ts'
import type { Means } from './dial.ts'
import { Line, type LineWatcher } from './line.ts'
import type { Lane } from './lane.ts'

/** What the pools of one endpoint have in common, and hear of each. */
export interface PoolHouse {
  readonly cluster: LivingCluster
  readonly endpoint: LivingEndpoint
  readonly clock: Clock
  /** Connections that are idle close. */
  readonly draining: boolean
  opened(line: Line): void
  left(line: Line): void
  emptied(pool: LanePool): void
}

export class LanePool {
  readonly lane: Lane
  readonly key: string
  /** Connecting or ready. */
  readonly lines: Line[] = []
  readonly #house: PoolHouse
  readonly #queue: GrpcAttempt[] = []

  constructor(lane: Lane, key: string, house: PoolHouse) {
    this.lane = lane
    this.key = key
    this.#house = house
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: GrpcAttempt): void {
    const { limits } = this.#house.cluster
    const line = this.#lineWithRoom()
    if (line !== undefined) {
      if (limits.tryRequest()) send(line, job)
      else job.failed('overflow', undefined)
      return
    }
    if (!limits.tryPending()) {
      job.failed('overflow', undefined)
      this.#emptied()
      return
    }
    this.#queue.push(job)
    this.#connectMore()
  }

  /** Opens a connection before a call needs it; the watcher hears of it, or of one that is there. */
  connectAhead(authority: string, watcher: LineWatcher): void {
    const known = this.lines.find(({ state }) => state === 'ready') ?? this.lines[0]
    if (known === undefined) this.#connect(authority, watcher)
    else known.watch(watcher)
  }

  /** Takes a waiting job out. */
  remove(job: GrpcAttempt): void {
    const position = this.#queue.indexOf(job)
    if (position === -1) return
    this.#queue.splice(position, 1)
    this.#house.cluster.limits.pending--
  }

  /** A ready line has room: those who wait come first; then it is left when it is worn, or no more are wanted. */
  settle(line: Line): void {
    if (this.#queue.length > 0) this.#serveQueue()
    if (isIdle(line) && (this.#house.draining || this.lane.left || this.#worn(line))) this.leave(line)
  }

  leave(line: Line): void {
    this.#drop(line)
    if (this.#queue.length > 0) this.#serveQueue()
    this.#emptied()
  }

  leaveIdle(): void {
    for (const line of this.lines.filter(isIdle)) this.#drop(line)
    this.#emptied()
  }

  destroy(): void {
    this.#failQueue('connectionTermination', undefined)
    for (let line = this.lines[0]; line !== undefined; line = this.lines[0]) {
      this.#strike(line)
      line.destroy()
    }
    this.#emptied()
  }

  #lineWithRoom(): Line | undefined {
    const { maxConcurrentStreams } = this.#house.cluster.model.connectionPool
    for (let i = 0; i < this.lines.length; i++) {
      const line = this.lines[i]
      if (line === undefined || line.state !== 'ready' || line.active >= maxConcurrentStreams) continue
      if (!this.#worn(line)) return line
      if (line.active > 0) continue
      this.#drop(line)
      i--
    }
    return undefined
  }

  /** Too old, or has carried as many calls as it may. */
  #worn(line: Line): boolean {
    const { cluster, clock } = this.#house
    const { maxRequestsPerConnection, maxConnectionDurationMs } = cluster.model.connectionPool
    if (maxRequestsPerConnection > 0 && line.served >= maxRequestsPerConnection) return true
    return maxConnectionDurationMs !== undefined && clock.now() - line.openedAtMs >= maxConnectionDurationMs
  }

  #serveQueue(): void {
    const { limits } = this.#house.cluster
    while (this.#queue.length > 0) {
      const line = this.#lineWithRoom()
      if (line === undefined) return this.#connectMore()
      const job = this.#queue.shift()
      if (job === undefined) return
      limits.pending--
      if (limits.tryRequest()) send(line, job)
      else job.failed('overflow', undefined)
    }
  }

  /** Other connections where those that are coming cannot take all who wait, as far as the cluster's limit lets it. */
  #connectMore(): void {
    const { maxConcurrentStreams, maxRequestsPerConnection } = this.#house.cluster.model.connectionPool
    const room =
      maxRequestsPerConnection > 0 ? Math.min(maxConcurrentStreams, maxRequestsPerConnection) : maxConcurrentStreams
    let coming = 0
    for (const { state } of this.lines) if (state === 'connecting') coming++
    for (let job = this.#queue[coming * room]; job !== undefined; job = this.#queue[++coming * room]) {
      if (!this.#connect(job.authority, job.watcher)) return
    }
  }

  /** False: not now. */
  #connect(authority: string, watcher: LineWatcher): boolean {
    const { cluster, endpoint, clock } = this.#house
    const { limits, model } = cluster
    if (!limits.tryConnection(this.lines.length)) return false
    const way = tlsFor(model, endpoint.model)
    const { lane, key } = this
    let means: Means
    try {
      const options = { ...lane.options, ...lane.namesFor(way, authority), ...this.#options() }
      means = { endpoint: endpoint.model, copy: lane.copy, credentials: lane.credentialsFor(way), options }
    } catch (error) {
      limits.connections--
      const cause = error instanceof Error ? error : new Error(String(error))
      queueMicrotask(() => {
        watcher.notConnected()
        this.#notConnected(cause)
      })
      return false
    }
    const line = new Line({ key, authority }, clock.now(), {
      ready: () => {
        this.#house.opened(line)
        this.settle(line)
      },
      failed: (_line, cause) => {
        this.#strike(line)
        this.#notConnected(cause)
      },
      gone: () => this.#gone(line),
    })
    this.lines.push(line)
    line.watch(watcher)
    line.open(means, clock, model.connectTimeoutMs)
    return true
  }

  /** One connection to one address that never retries, reconnects or keeps a buffer of its own: all that is done here. */
  #options(): ChannelOptions {
    const { idleTimeoutMs } = this.#house.cluster.model.connectionPool
    return {
      'grpc.enable_retries': 0,
      'grpc.per_rpc_retry_buffer_size': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.client_idle_timeout_ms': Math.min(idleTimeoutMs, 2 ** 31 - 1),
    }
  }

  /** An endpoint that cannot be reached fails everything that waits for it, so that callers can go elsewhere. */
  #notConnected(cause: unknown): void {
    this.#failQueue(connectFailureOf(cause), cause)
    this.#emptied()
  }

  #failQueue(failure: Parameters<GrpcAttempt['failed']>[0], cause: unknown): void {
    const failed = this.#queue.splice(0)
    this.#house.cluster.limits.pending -= failed.length
    for (const job of failed) job.failed(failure, cause)
  }

  /** Those who wait get another connection. */
  #gone(line: Line): void {
    this.#strike(line)
    if (this.#queue.length > 0) this.#serveQueue()
    this.#emptied()
  }

  #drop(line: Line): void {
    this.#strike(line)
    line.close()
  }

  #strike(line: Line): void {
    const position = this.lines.indexOf(line)
    if (position === -1) return
    this.lines.splice(position, 1)
    this.#house.cluster.limits.connections--
    this.#house.left(line)
  }

  #emptied(): void {
    if (this.lines.length === 0 && this.#queue.length === 0) this.#house.emptied(this)
  }
}

function send(line: Line, job: GrpcAttempt): void {
  line.take(job)
  job.send(line)
}

function isIdle({ state, active }: Line): boolean {
  return state === 'ready' && active === 0
}

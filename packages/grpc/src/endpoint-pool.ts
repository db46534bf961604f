// The connections of one endpoint in one cluster: a pool for each lane. Where the balancer wants the endpoint's own reports,
// one of its connections carries them.
import {
  type Clock,
  type Connections,
  type LivingCluster,
  type LivingEndpoint,
  parseLoadReport,
  type Random,
  tlsFor,
} from '@proxyless/core/spi'
import type { GrpcAttempt } from './grpc-attempt.ts'
import { LanePool, type PoolHouse } from './lane-pool.ts'
import type { Line, LineWatcher } from './line.ts'
import { LoadStream } from './load-stream.ts'
import type { Lane } from './lane.ts'

export class EndpointPool implements Connections, PoolHouse {
  readonly cluster: LivingCluster
  readonly endpoint: LivingEndpoint
  readonly clock: Clock
  readonly #random: Random
  #onEmpty: () => void
  readonly #pools = new Map<string, LanePool>()
  /** Carries the endpoint's reports. */
  #reporter: Line | undefined
  draining = false

  constructor(
    cluster: LivingCluster,
    endpoint: LivingEndpoint,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
    onEmpty: () => void,
  ) {
    this.cluster = cluster
    this.endpoint = endpoint
    this.clock = clock
    this.#random = random
    this.#onEmpty = onEmpty
  }

  get open(): number {
    let open = 0
    for (const { lines } of this.#pools.values()) open += lines.filter(isReady).length
    return open
  }

  /** Calls with the same key may share a connection. */
  keyFor(lane: Lane, authority: string): string {
    return lane.keyFor(tlsFor(this.cluster.model, this.endpoint.model), authority)
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: GrpcAttempt): void {
    this.#poolOf(job.lane, job.key).start(job)
  }

  /** Opens a connection before a call needs it. */
  connectAhead(lane: Lane, authority: string, watcher: LineWatcher): void {
    this.#poolOf(lane, this.keyFor(lane, authority)).connectAhead(authority, watcher)
  }

  /** Takes a waiting job out. */
  remove(job: GrpcAttempt): void {
    this.#pools.get(job.key)?.remove(job)
  }

  /** A job has left its connection. */
  release(line: Line, job: GrpcAttempt): void {
    line.leave(job)
    this.cluster.limits.requests--
    if (line.state === 'ready') this.#pools.get(line.lane)?.settle(line)
  }

  drain(emptied: () => void): void {
    this.draining = true
    this.#onEmpty = emptied
    this.#reporter?.companion?.stop()
    if (this.#pools.size === 0) emptied()
    for (const pool of this.#pools.values()) pool.leaveIdle()
  }

  destroy(): void {
    this.draining = true
    for (const pool of this.#pools.values()) pool.destroy()
  }

  // ---- its pools speak ----

  opened(): void {
    this.#followLoad()
  }

  left(line: Line): void {
    if (line !== this.#reporter) return
    this.#reporter = undefined
    this.#followLoad()
  }

  emptied(pool: LanePool): void {
    if (this.#pools.get(pool.key) !== pool) return
    this.#pools.delete(pool.key)
    pool.lane.pools.delete(pool)
    if (this.#pools.size === 0) this.#onEmpty()
  }

  #poolOf(lane: Lane, key: string): LanePool {
    let pool = this.#pools.get(key)
    if (pool === undefined) {
      pool = new LanePool(lane, key, this)
      this.#pools.set(key, pool)
      lane.pools.add(pool)
    }
    return pool
  }

  #followLoad(): void {
    const { observations, model } = this.cluster
    const { outOfBandMs } = observations
    if (outOfBandMs === undefined || this.draining || this.#reporter !== undefined) return
    const line = this.#readyLine()
    if (line === undefined) return
    const stream = new LoadStream(line, {
      clock: this.clock,
      random: this.#random,
      authority: line.authority,
      periodMs: outOfBandMs,
      idleTimeoutMs: model.connectionPool.idleTimeoutMs,
      report: (text) => {
        const report = parseLoadReport(text)
        if (report !== undefined) observations.load(this.endpoint, report, true)
      },
      idle: () => this.#pools.get(line.lane)?.leave(line),
    })
    this.#reporter = line
    line.companion = stream
    stream.start()
  }

  #readyLine(): Line | undefined {
    for (const { lines } of this.#pools.values()) {
      const line = lines.find(isReady)
      if (line !== undefined) return line
    }
    return undefined
  }
}

function isReady({ state }: Line): boolean {
  return state === 'ready'
}

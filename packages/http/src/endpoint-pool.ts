// The connections of one endpoint in one cluster: a pool for each lane.
import { buildConnector } from 'undici'
import { type Clock, type Connections, type LivingCluster, type LivingEndpoint, tlsFor } from '@proxyless/core/spi'
import type { Connection } from './connection.ts'
import type { HttpAttempt } from './http-attempt.ts'
import { type Connector, LanePool, type PoolHouse } from './lane-pool.ts'
import { tlsOptions } from './tls.ts'

export class EndpointPool implements Connections, PoolHouse {
  readonly cluster: LivingCluster
  readonly endpoint: LivingEndpoint
  readonly clock: Clock
  #onEmpty: () => void
  readonly #pools = new Map<string, LanePool>()
  #connector: Connector | undefined
  draining = false

  constructor(cluster: LivingCluster, endpoint: LivingEndpoint, clock: Clock, onEmpty: () => void) {
    this.cluster = cluster
    this.endpoint = endpoint
    this.clock = clock
    this.#onEmpty = onEmpty
  }

  get open(): number {
    let open = 0
    for (const pool of this.#pools.values()) open += pool.open
    return open
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: HttpAttempt): void {
    let pool = this.#pools.get(job.lane)
    if (pool === undefined) {
      pool = new LanePool(job.lane, this)
      this.#pools.set(job.lane, pool)
    }
    pool.start(job)
  }

  /** Takes a waiting job out. */
  remove(job: HttpAttempt): void {
    this.#pools.get(job.lane)?.remove(job)
  }

  /** A job has left its connection. */
  release(connection: Connection): void {
    connection.active--
    this.cluster.limits.requests--
    if (!connection.closed) this.#pools.get(connection.lane)?.settle(connection)
  }

  drain(emptied: () => void): void {
    this.draining = true
    this.#onEmpty = emptied
    if (this.#pools.size === 0) emptied()
    for (const pool of this.#pools.values()) pool.closeIdle()
  }

  destroy(): void {
    this.draining = true
    for (const pool of this.#pools.values()) pool.destroy()
  }

  // ---- its pools speak ----

  emptied(pool: LanePool): void {
    if (this.#pools.get(pool.lane) !== pool) return
    this.#pools.delete(pool.lane)
    if (this.#pools.size === 0) this.#onEmpty()
  }

  /** @throws Error naming a TLS file that cannot be read, or why the endpoint cannot be reached as it should be */
  connector(): Connector {
    const { model } = this.cluster
    const { address } = this.endpoint.model
    const { tls, unavailable } = tlsFor(model, this.endpoint.model)
    if (unavailable !== undefined) throw new Error(unavailable)
    const keepAlive = model.connectionPool.tcpKeepAliveMs
    const options = {
      ...tlsOptions(tls),
      timeout: model.connectTimeoutMs,
      ...(keepAlive === undefined ? { keepAlive: false } : { keepAlive: true, keepAliveInitialDelay: keepAlive }),
      ...(model.protocol === 'http2' ? { allowH2: true, useH2c: true } : {}),
      ...(address.startsWith('unix://') ? { socketPath: address.slice('unix://'.length) } : {}),
    } as Parameters<typeof buildConnector>[0]
    this.#connector ??= buildConnector(options)
    return this.#connector
  }
}

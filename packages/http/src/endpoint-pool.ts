// The connections of one endpoint in one cluster: a free list (last in, first out), a queue, and the cluster's limits.
// Order of Envoy's pools: a ready connection, else pending, else a new connection.
import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import {
  type Address,
  AddressRace,
  addressesOf,
  type Clock,
  type Connections,
  type Opening,
  type LivingCluster,
  type LivingEndpoint,
  tlsFor,
} from '@proxyless/core/spi'
import { Connection } from './connection.ts'
import { connectFailureOf } from './failure.ts'
import type { HttpAttempt } from './http-attempt.ts'
import { tlsOptions } from './tls.ts'

type Connector = ReturnType<typeof buildConnector>

export class EndpointPool implements Connections {
  readonly #cluster: LivingCluster
  readonly #endpoint: LivingEndpoint
  readonly #clock: Clock
  #onEmpty: () => void
  readonly #connections = new Set<Connection>()
  readonly #free: Connection[] = []
  readonly #queue: HttpAttempt[] = []
  #connecting = 0
  #connector: Connector | undefined
  #draining = false

  constructor(cluster: LivingCluster, endpoint: LivingEndpoint, clock: Clock, onEmpty: () => void) {
    this.#cluster = cluster
    this.#endpoint = endpoint
    this.#clock = clock
    this.#onEmpty = onEmpty
  }

  get open(): number {
    return this.#connections.size
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: HttpAttempt): void {
    const { limits } = this.#cluster
    const connection = this.#takeFree(job.lane)
    if (connection !== undefined) {
      if (limits.tryRequest()) this.#send(connection, job)
      else {
        this.#putBack(connection)
        job.failed('overflow', undefined)
      }
      return
    }
    if (!limits.tryPending()) {
      job.failed('overflow', undefined)
      return
    }
    this.#queue.push(job)
    if (this.#connecting < this.#queue.length) this.#connect(job)
  }

  /** Takes a waiting job out. False: it is not waiting here. */
  remove(job: HttpAttempt): boolean {
    const position = this.#queue.indexOf(job)
    if (position === -1) return false
    this.#queue.splice(position, 1)
    this.#cluster.limits.pending--
    return true
  }

  /** A job has left its connection. */
  release(connection: Connection): void {
    connection.active--
    this.#cluster.limits.requests--
    if (connection.closed) return
    if (this.#draining || this.#worn(connection)) {
      if (connection.active === 0) connection.close()
      return
    }
    this.#putBack(connection)
    this.#serveQueue()
  }

  drain(emptied: () => void): void {
    this.#draining = true
    this.#onEmpty = emptied
    for (const connection of this.#free.splice(0)) if (connection.active === 0) connection.close()
    this.#emptied()
  }

  destroy(): void {
    this.#draining = true
    for (const job of this.#queue.splice(0)) {
      this.#cluster.limits.pending--
      job.failed('connectionTermination', undefined)
    }
    for (const connection of this.#connections) connection.destroy()
  }

  #send(connection: Connection, job: HttpAttempt): void {
    connection.active++
    connection.served++
    if (!connection.full && !this.#worn(connection)) this.#putBack(connection)
    const { maxRequestsPerConnection } = this.#cluster.model.connectionPool
    job.send(connection, this, maxRequestsPerConnection > 0 && connection.served >= maxRequestsPerConnection)
  }

  #takeFree(lane: string): Connection | undefined {
    const last = this.#free.at(-1)
    if (last !== undefined && last.lane === lane && !last.closed && !this.#worn(last)) {
      this.#free.length--
      last.listed = false
      return last
    }
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const connection = this.#free[i]
      if (connection === undefined || (connection.lane !== lane && !connection.closed)) continue
      this.#free.splice(i, 1)
      connection.listed = false
      if (connection.closed) continue
      if (!this.#worn(connection)) return connection
      if (connection.active === 0) connection.close()
    }
    return undefined
  }

  #putBack(connection: Connection): void {
    if (connection.listed) return
    connection.listed = true
    this.#free.push(connection)
  }

  /** Too old, or has carried as many requests as it may. */
  #worn(connection: Connection): boolean {
    const { maxRequestsPerConnection, maxConnectionDurationMs } = this.#cluster.model.connectionPool
    if (maxRequestsPerConnection > 0 && connection.served >= maxRequestsPerConnection) return true
    return maxConnectionDurationMs !== undefined && this.#clock.now() - connection.openedAtMs >= maxConnectionDurationMs
  }

  #serveQueue(): void {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      const connection = this.#takeFree(job.lane)
      if (connection === undefined) break
      this.#queue.shift()
      this.#cluster.limits.pending--
      if (this.#cluster.limits.tryRequest()) {
        this.#send(connection, job)
      } else {
        this.#putBack(connection)
        job.failed('overflow', undefined)
      }
    }
    const waiting = this.#queue[0]
    if (waiting !== undefined && this.#connecting < this.#queue.length) this.#connect(waiting)
  }

  /** Opens a connection for the lane of a waiting job, if the cluster's limit lets it. */
  #connect(job: HttpAttempt): void {
    const { limits } = this.#cluster
    if (!limits.tryConnection(this.#connections.size + this.#connecting)) return
    this.#connecting++
    const { lane, secure, serverName, authority } = job
    let connector: Connector
    try {
      connector = this.#connectorFor()
    } catch (error) {
      queueMicrotask(() => this.#notConnected(error))
      return
    }
    const dial = ({ address, port }: Address, opening: Opening<Socket>): (() => void) => {
      const target = {
        hostname: address,
        host: authority,
        protocol: secure ? 'https:' : 'http:',
        port: String(port),
        ...(secure && serverName !== undefined ? { servername: serverName } : {}),
      }
      // undici's types do not say that it returns the socket
      const socket = connector(target, (error, connected) => {
        if (error !== null) opening.failed(error)
        else opening.connected(connected)
      }) as unknown as Socket
      // with an error, or undici keeps its timer
      return () => socket.destroy(new Error('another address was first'))
    }
    new AddressRace<Socket>(addressesOf(this.#endpoint.model), this.#clock, dial, {
      connected: (socket) => this.#connected(socket, lane, authority, secure),
      failed: (error) => this.#notConnected(error),
    }).start()
  }

  #connectorFor(): Connector {
    const { model } = this.#cluster
    const { address } = this.#endpoint.model
    const { tls, unavailable } = tlsFor(model, this.#endpoint.model)
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

  #connected(socket: Socket, lane: string, authority: string, secure: boolean): void {
    this.#connecting--
    const { model } = this.#cluster
    const connection = new Connection(
      socket,
      lane,
      authority,
      secure,
      model.connectionPool,
      model.protocol,
      this.#clock.now(),
    )
    this.#connections.add(connection)
    // undici listens once it has the socket; until then, and for our own books, so do we
    socket.on('error', () => undefined)
    socket.once('close', () => this.#gone(connection))
    if (this.#draining && this.#queue.length === 0) {
      connection.destroy()
      return
    }
    this.#putBack(connection)
    this.#serveQueue()
  }

  /** A host that cannot be reached fails everything that waits for it, so that callers can go elsewhere. */
  #notConnected(error: unknown): void {
    this.#connecting--
    this.#cluster.limits.connections--
    const failure = connectFailureOf(error)
    for (const job of this.#queue.splice(0)) {
      this.#cluster.limits.pending--
      job.failed(failure, error)
    }
    this.#emptied()
  }

  #gone(connection: Connection): void {
    this.#cluster.limits.connections--
    this.#connections.delete(connection)
    const position = this.#free.indexOf(connection)
    if (position !== -1) this.#free.splice(position, 1)
    connection.destroy()
    this.#serveQueue()
    this.#emptied()
  }

  #emptied(): void {
    if (this.#connections.size === 0 && this.#connecting === 0 && this.#queue.length === 0) this.#onEmpty()
  }
}

// The connections of one lane to one endpoint, and those who wait for one: what Envoy calls a pool. A free list, last in, first out.
// Its order: a ready connection, else pending, else a new connection; the cluster's limits say when not.
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import {
  type Address,
  AddressRace,
  addressesOf,
  type Clock,
  type Opening,
  type LivingCluster,
  type LivingEndpoint,
} from '@proxyless/core/spi'
import { Connection } from './connection.ts'
import { connectFailureOf } from './failure.ts'
import type { HttpAttempt } from './http-attempt.ts'

export type Connector = ReturnType<typeof buildConnector>

/** What the pools of one endpoint have in common, and hear of each. */
export interface PoolHouse {
  readonly cluster: LivingCluster
  readonly endpoint: LivingEndpoint
  readonly clock: Clock
  /** Connections that are idle close. */
  readonly draining: boolean
  /** @throws Error when the endpoint cannot be reached as it should be */
  connector(): Connector
  emptied(pool: LanePool): void
}

export class LanePool {
  readonly lane: string
  readonly #house: PoolHouse
  readonly #connections = new Set<Connection>()
  readonly #free: Connection[] = []
  readonly #queue: HttpAttempt[] = []
  #connecting = 0

  constructor(lane: string, house: PoolHouse) {
    this.lane = lane
    this.#house = house
  }

  get open(): number {
    return this.#connections.size
  }

  /** Sends now, or when a connection is there; fails with overflow at a limit. */
  start(job: HttpAttempt): void {
    const { limits } = this.#house.cluster
    const connection = this.#takeFree()
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
      this.#emptied()
      return
    }
    this.#queue.push(job)
    if (this.#connecting < this.#queue.length) this.#connect(job)
  }

  /** Takes a waiting job out. */
  remove(job: HttpAttempt): void {
    const position = this.#queue.indexOf(job)
    if (position === -1) return
    this.#queue.splice(position, 1)
    this.#house.cluster.limits.pending--
  }

  /** A job has left an open connection. */
  settle(connection: Connection): void {
    if (this.#house.draining || this.#worn(connection)) {
      if (connection.active === 0) connection.close()
      return
    }
    this.#putBack(connection)
    this.#serveQueue()
  }

  closeIdle(): void {
    for (const connection of this.#free.splice(0)) if (connection.active === 0) connection.close()
  }

  destroy(): void {
    this.#failQueue('connectionTermination', undefined)
    for (const connection of this.#connections) connection.destroy()
    this.#emptied()
  }

  #send(connection: Connection, job: HttpAttempt): void {
    connection.active++
    connection.served++
    if (!connection.full && !this.#worn(connection)) this.#putBack(connection)
    const { maxRequestsPerConnection } = this.#house.cluster.model.connectionPool
    job.send(connection, maxRequestsPerConnection > 0 && connection.served >= maxRequestsPerConnection)
  }

  #takeFree(): Connection | undefined {
    const last = this.#free.at(-1)
    if (last !== undefined && !last.closed && !this.#worn(last)) {
      this.#free.length--
      last.listed = false
      return last
    }
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const connection = this.#free[i]
      if (connection === undefined) continue
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
    const { maxRequestsPerConnection, maxConnectionDurationMs } = this.#house.cluster.model.connectionPool
    if (maxRequestsPerConnection > 0 && connection.served >= maxRequestsPerConnection) return true
    return (
      maxConnectionDurationMs !== undefined &&
      this.#house.clock.now() - connection.openedAtMs >= maxConnectionDurationMs
    )
  }

  #serveQueue(): void {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      const connection = this.#takeFree()
      if (connection === undefined) break
      this.#queue.shift()
      this.#house.cluster.limits.pending--
      if (this.#house.cluster.limits.tryRequest()) {
        this.#send(connection, job)
      } else {
        this.#putBack(connection)
        job.failed('overflow', undefined)
      }
    }
    const waiting = this.#queue[0]
    if (waiting !== undefined && this.#connecting < this.#queue.length) this.#connect(waiting)
  }

  /** Opens a connection for a waiting job, if the cluster's limit lets it. */
  #connect(job: HttpAttempt): void {
    const { limits } = this.#house.cluster
    if (!limits.tryConnection(this.#connections.size + this.#connecting)) return
    this.#connecting++
    const { secure, serverName, authority } = job
    let connector: Connector
    try {
      connector = this.#house.connector()
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
    new AddressRace<Socket>(addressesOf(this.#house.endpoint.model), this.#house.clock, dial, {
      connected: (socket) => this.#connected(socket, authority, secure),
      failed: (error) => this.#notConnected(error),
    }).start()
  }

  #connected(socket: Socket, authority: string, secure: boolean): void {
    this.#connecting--
    const { model } = this.#house.cluster
    const connection = new Connection(
      socket,
      this.lane,
      authority,
      secure,
      model.connectionPool,
      model.protocol,
      this.#house.clock.now(),
    )
    this.#connections.add(connection)
    // undici listens once it has the socket; until then, and for our own books, so do we
    socket.on('error', () => undefined)
    socket.once('close', () => this.#gone(connection))
    if (this.#house.draining && this.#queue.length === 0) {
      connection.destroy()
      return
    }
    this.#putBack(connection)
    this.#serveQueue()
  }

  /** A host that cannot be reached fails everything that waits for it, so that callers can go elsewhere. */
  #notConnected(error: unknown): void {
    this.#connecting--
    this.#house.cluster.limits.connections--
    this.#failQueue(connectFailureOf(error), error)
    this.#emptied()
  }

  #failQueue(failure: Parameters<HttpAttempt['failed']>[0], cause: unknown): void {
    for (const job of this.#queue.splice(0)) {
      this.#house.cluster.limits.pending--
      job.failed(failure, cause)
    }
  }

  #gone(connection: Connection): void {
    this.#house.cluster.limits.connections--
    this.#connections.delete(connection)
    const position = this.#free.indexOf(connection)
    if (position !== -1) this.#free.splice(position, 1)
    connection.destroy()
    this.#serveQueue()
    this.#emptied()
  }

  #emptied(): void {
    if (this.#connections.size === 0 && this.#connecting === 0 && this.#queue.length === 0) this.#house.emptied(this)
  }
}

// A channel for grpc-js clients whose calls go through the mesh: given to a client by `channelFactoryOverride`, which is public.
// It has no connections of its own; those belong to the mesh and are shared.
import {
  type ChannelCredentials,
  type ChannelInterface,
  type ChannelOptions,
  type ClientOptions,
  type connectivityState,
  propagate,
} from '@grpc/grpc-js'
import { house, type Housed, type Mesh } from '@proxyless/core/spi'
import type { CallStream } from './call-stream.ts'
import { ChannelzEntry, type ChannelzRef } from './channelz.ts'
import { connectAhead } from './connect-ahead.ts'
import { Connectivity } from './connectivity.ts'
import { type GrpcCopy, ownCopy } from './copy.ts'
import { GrpcTransport } from './grpc-transport.ts'
import type { Lane } from './lane.ts'
import { MeshCall } from './mesh-call.ts'
import type { ReplayBudget } from './request-messages.ts'
import { type CalledHost, calledHost, hostOf } from './target.ts'

/** As grpc-js has it for its own retries. */
const replayBytesPerCall = 1 << 20
const replayBytes = 1 << 24

/** For the options of any grpc-js client: its calls go through the mesh, by the name it was given. */
export function meshChannel(mesh: Housed): Pick<ClientOptions, 'channelFactoryOverride'> {
  const engine = mesh[house]
  return {
    channelFactoryOverride: (target, credentials, options) => new MeshChannel(engine, target, credentials, options),
  }
}

export class MeshChannel implements ChannelInterface {
  readonly mesh: Mesh
  readonly transport: GrpcTransport
  readonly lane: Lane
  readonly host: CalledHost
  readonly connectivity: Connectivity
  readonly budget: ReplayBudget
  readonly #target: string
  readonly #shown: boolean
  #channelz: ChannelzEntry | undefined
  #closed = false

  /** @param copy of grpc-js: whose the credentials are */
  constructor(
    mesh: Mesh,
    target: string,
    credentials: ChannelCredentials,
    options: ChannelOptions,
    copy: GrpcCopy = ownCopy,
  ) {
    this.mesh = mesh
    this.#target = target
    this.transport = GrpcTransport.of(mesh)
    this.lane = this.transport.laneOf(copy, credentials, options)
    this.host = calledHost(target, options)
    this.connectivity = new Connectivity(mesh, () => connectAhead(this))
    this.#shown = options['grpc.enable_channelz'] !== 0
    this.budget = {
      perCall: options['grpc.per_rpc_retry_buffer_size'] ?? replayBytesPerCall,
      total: options['grpc.retry_buffer_size'] ?? replayBytes,
      used: 0,
    }
  }

  /** Calls under way go on; the mesh keeps its connections for other clients of its lane. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.transport.giveBack(this.lane)
    this.connectivity.close()
    this.#channelz?.close()
  }

  getTarget(): string {
    return this.#target
  }

  getConnectivityState(tryToConnect: boolean): connectivityState {
    const { state } = this.connectivity
    if (tryToConnect) this.connectivity.wanted()
    return state
  }

  watchConnectivityState(state: connectivityState, deadline: Date | number, callback: (error?: Error) => void): void {
    this.connectivity.watch(state, deadline, callback)
  }

  getChannelzRef(): ChannelzRef {
    return this.channelz.ref
  }

  /** From its first call on: a channel that is never used is not shown. */
  get channelz(): ChannelzEntry {
    return (this.#channelz ??= new ChannelzEntry(this.#target, this.connectivity, this.#shown && !this.#closed))
  }

  createCall(...[method, deadline, host, parent, flags]: Parameters<ChannelInterface['createCall']>): CallStream {
    if (this.#closed) throw new Error('Channel has been shut down')
    const inherits = flags ?? propagate.DEFAULTS
    let deadlineAt = Number(deadline)
    if (parent !== null && (inherits & propagate.DEADLINE) !== 0) {
      deadlineAt = Math.min(deadlineAt, Number(parent.getDeadline()))
    }
    const called = host === null || host === undefined ? this.host : { ...hostOf(host), hostname: this.host.hostname }
    const call = new MeshCall(this, method, called, deadlineAt)
    if (parent !== null && (inherits & propagate.CANCELLATION) !== 0) {
      parent.on('cancelled', () => call.cancelWithStatus(1, 'Cancelled by parent call'))
    }
    return call
  }
}

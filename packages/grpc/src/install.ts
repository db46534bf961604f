// grpc-js clients that know of no mesh: the class behind their channels is exchanged, in the application's own copy of grpc-js.
// Each call is let in by itself, so that a host that a later configuration claims is led from then on.
import type { ChannelCredentials, ChannelInterface, ChannelOptions, connectivityState } from '@grpc/grpc-js'
import { house, type Housed, type RequestView } from '@proxyless/core/spi'
import type { CallStream } from './call-stream.ts'
import { channelModule, type ChannelModule, exchangeChannels, type MakeChannel } from './channel-module.ts'
import { copyFrom, type GrpcCopy } from './copy.ts'
import { CallView } from './call-view.ts'
import { MeshChannel } from './mesh-channel.ts'
import { type CalledHost, calledHost, hostOf } from './target.ts'
import { unmeshedOption } from './unmeshed-option.ts'

/** What `mesh.install({ grpc })` takes. */
export interface GrpcClients {
  /** Returns what undoes it. */
  take(mesh: Housed, gate: GrpcGate): () => void
}

export interface GrpcGate {
  /** Asked for each call; true: the mesh leads it. */
  admits(view: RequestView): boolean
  /** Whether its host is one that the mesh would lead now. */
  knows(view: RequestView): boolean
}

/**
 * The clients of the copy of grpc-js that a file would load; undefined: it finds none. Channels made before are left as they are.
 * @param from a file of the application, or one that could stand there
 */
export function grpcClients(from: string): GrpcClients | undefined {
  let module: ChannelModule
  let copy: GrpcCopy
  try {
    module = channelModule(from)
    copy = copyFrom(from)
  } catch {
    return undefined
  }
  return {
    take(mesh, gate) {
      return exchangeChannels(module, (plain, target, credentials, options) =>
        options[unmeshedOption] === undefined
          ? new GateChannel(mesh, gate, plain, copy, target, credentials, options)
          : undefined,
      )
    },
  }
}

/** Two channels to one target: the mesh's, and the one that would be there without it; each is made when it is needed. */
class GateChannel implements ChannelInterface {
  readonly #makePlain: () => ChannelInterface
  readonly #makeMeshed: () => MeshChannel
  readonly #host: CalledHost
  readonly #gate: GrpcGate
  readonly #secure: boolean
  #plain: ChannelInterface | undefined
  #meshed: MeshChannel | undefined
  #closed = false

  constructor(
    mesh: Housed,
    gate: GrpcGate,
    plain: MakeChannel,
    copy: GrpcCopy,
    target: string,
    credentials: ChannelCredentials,
    options: ChannelOptions,
  ) {
    this.#makePlain = () => new plain(target, credentials, options)
    this.#makeMeshed = () => new MeshChannel(mesh[house], target, credentials, options, copy)
    this.#host = calledHost(target, options)
    this.#gate = gate
    this.#secure = credentials._isSecure()
  }

  createCall(...given: Parameters<ChannelInterface['createCall']>): CallStream {
    if (this.#closed) throw new Error('Channel has been shut down')
    const [method, , host] = given
    const channel = this.#gate.admits(this.#viewOf(method, host)) ? this.#led : this.#unled
    return channel.createCall(...given)
  }

  close(): void {
    this.#closed = true
    this.#meshed?.close()
    this.#plain?.close()
  }

  getTarget(): string {
    return this.#current.getTarget()
  }

  getConnectivityState(tryToConnect: boolean): connectivityState {
    return this.#current.getConnectivityState(tryToConnect)
  }

  watchConnectivityState(...given: Parameters<ChannelInterface['watchConnectivityState']>): void {
    this.#current.watchConnectivityState(...given)
  }

  getChannelzRef(): ReturnType<ChannelInterface['getChannelzRef']> {
    return this.#current.getChannelzRef()
  }

  get #led(): MeshChannel {
    this.#meshed ??= this.#makeMeshed()
    if (this.#closed) this.#meshed.close()
    return this.#meshed
  }

  get #unled(): ChannelInterface {
    return (this.#plain ??= this.#makePlain())
  }

  /** Where its next call would go. */
  get #current(): ChannelInterface {
    return this.#closed || this.#gate.knows(this.#viewOf('/', null)) ? this.#led : this.#unled
  }

  #viewOf(method: string, host: string | null | undefined): CallView {
    return new CallView(host === null || host === undefined ? this.#host : hostOf(host), this.#secure, method, [])
  }
}

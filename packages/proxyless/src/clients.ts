// The ways into a mesh: its fetch, its dispatcher, its agents, and the process's own clients once it is installed.
import {
  createFetch,
  type HttpTransport,
  Installation,
  installationOf,
  type InstallParts,
  LoopServer,
  MeshDispatcher,
  type MeshFetch,
  MeshHttpAgent,
  MeshHttpsAgent,
} from '@proxyless/http'
import type { GrpcClients, GrpcGate } from '@proxyless/grpc'
import { house, type Housed } from '@proxyless/core/spi'
import { Observations } from './observations.ts'

export interface InstallOptions extends InstallParts {
  /** `grpcClients(import.meta.url)` of `@proxyless/grpc`: the clients of that copy of grpc-js. Default none. */
  readonly grpc?: GrpcClients | undefined
  /** `observe`: requests go as they did before, and what the mesh would have done is told and counted. Default `enforce`. */
  readonly mode?: 'enforce' | 'observe'
}

export class Clients {
  readonly fetch: MeshFetch
  readonly dispatcher: MeshDispatcher
  readonly observations: Observations
  readonly #transport: HttpTransport
  #agents: { readonly http: MeshHttpAgent; readonly https: MeshHttpsAgent } | undefined

  constructor(transport: HttpTransport) {
    this.#transport = transport
    this.dispatcher = new MeshDispatcher(transport)
    this.fetch = createFetch(this.dispatcher)
    this.observations = new Observations(transport.mesh, tell)
  }

  get agents(): { readonly http: MeshHttpAgent; readonly https: MeshHttpsAgent } {
    if (this.#agents === undefined) {
      const server = new LoopServer(this.#transport)
      this.#agents = { http: new MeshHttpAgent(server), https: new MeshHttpsAgent(server) }
    }
    return this.#agents
  }

  /** The one that is there already when it was called before. */
  install({ mode = 'enforce', grpc, ...parts }: InstallOptions = {}): Disposable {
    const held = installationOf(this.#transport)
    if (held instanceof Installation) return held
    if (held === 'another') {
      process.emitWarning('another mesh is installed in this process; this one leaves its clients alone', {
        type: 'MeshWarning',
        code: 'PROXYLESS_INSTALLED',
      })
      return { [Symbol.dispose]: () => undefined }
    }
    const observe = mode === 'observe' ? this.observations.take : undefined
    const mesh: Housed = { [house]: this.#transport.mesh }
    const takeGrpc = grpc && ((gate: GrpcGate): (() => void) => grpc.take(mesh, gate))
    return new Installation(this.#transport, this.dispatcher, this.agents, parts, observe, takeGrpc)
  }

  get installation(): Installation | 'another' | undefined {
    return installationOf(this.#transport)
  }

  /** What the heads of responses have told of proxies in front. */
  get proxies(): readonly string[] {
    return this.#transport.proxies
  }

  close(): void {
    const held = installationOf(this.#transport)
    if (held instanceof Installation) held.dispose()
    this.#agents?.http.destroy()
    this.#agents?.https.destroy()
  }
}

function tell(line: string): void {
  process.stderr.write(`proxyless observes: ${line}\n`)
}

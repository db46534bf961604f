// Agents of node:http and node:https whose connections lead into the mesh: `agent` options of whatever stands on node:http.
import { Agent as PlainAgent, type ClientRequestArgs } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { LoopServer } from './loop-server.ts'

/** Connections inside the process cost little, but are worth keeping. */
const options = { keepAlive: true }

export class MeshHttpAgent extends PlainAgent {
  readonly #server: LoopServer

  constructor(server: LoopServer) {
    super(options)
    this.#server = server
  }

  override createConnection({ host, port }: ClientRequestArgs): Duplex {
    return this.#server.connect(host ?? 'localhost', Number(port ?? 80), false)
  }

  override getName(request?: ClientRequestArgs): string {
    return nameOf(request)
  }
}

/** The mesh makes TLS: what a request says of certificates is not looked at. */
export class MeshHttpsAgent extends TlsAgent {
  readonly #server: LoopServer

  constructor(server: LoopServer) {
    super(options)
    this.#server = server
  }

  override createConnection({ host, port }: ClientRequestArgs): Duplex {
    return this.#server.connect(host ?? 'localhost', Number(port ?? 443), true)
  }

  override getName(request?: ClientRequestArgs): string {
    return nameOf(request)
  }
}

/** Which connections are alike. */
function nameOf(request: ClientRequestArgs = {}): string {
  return `${request.host ?? 'localhost'}:${request.port ?? ''}`
}

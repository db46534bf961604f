// Agents of node:http and node:https whose connections lead into the mesh: `agent` options of whatever stands on node:http.
import { Agent as PlainAgent, type ClientRequest, type ClientRequestArgs } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { LoopServer } from './loop-server.ts'
import { LoopSocket } from './loop-socket.ts'

/** Connections inside the process cost little, but are worth keeping. */
const options = { keepAlive: true }

export class MeshHttpAgent extends PlainAgent {
  readonly #server: LoopServer

  constructor(server: LoopServer) {
    super(options)
    this.#server = server
  }

  override createConnection({ host, port }: ClientRequestArgs): Duplex {
    return connectFromHere(this.#server, host ?? 'localhost', Number(port ?? 80), false)
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    super.reuseSocket(socket, request)
    if (socket instanceof LoopSocket) socket.sentFromHere()
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
    return connectFromHere(this.#server, host ?? 'localhost', Number(port ?? 443), true)
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    super.reuseSocket(socket, request)
    if (socket instanceof LoopSocket) socket.sentFromHere()
  }

  override getName(request?: ClientRequestArgs): string {
    return nameOf(request)
  }
}

function connectFromHere(server: LoopServer, host: string, port: number, secure: boolean): LoopSocket {
  const socket = server.connect(host, port, secure)
  socket.sentFromHere()
  return socket
}

/** Which connections are alike. */
function nameOf(request: ClientRequestArgs = {}): string {
  return `${request.host ?? 'localhost'}:${request.port ?? ''}`
}

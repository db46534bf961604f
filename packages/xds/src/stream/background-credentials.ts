// Credentials of a channel whose connections keep no process alive (E5): grpc-js itself holds one for each connection with a call on it,
// and a subscription is a call that never ends. The connector is the only place where grpc-js shows a connection.
import type { Socket } from 'node:net'
import { type CallCredentials, ChannelCredentials } from '@grpc/grpc-js'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

export class BackgroundCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials
  readonly #sockets: Socket[] = []

  constructor(inner: ChannelCredentials) {
    super()
    this.#inner = inner
  }

  /** To be called whenever a call has begun on a connection. */
  release(): void {
    for (const socket of this.#sockets) socket.unref()
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure()
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other
  }

  override _createSecureConnector(
    target: Parameters<ChannelCredentials['_createSecureConnector']>[0],
    options: Parameters<ChannelCredentials['_createSecureConnector']>[1],
    callCredentials?: CallCredentials,
  ): Connector {
    const connector = this.#inner._createSecureConnector(target, options, callCredentials)
    return {
      connect: async (tcp) => {
        const connected = await connector.connect(tcp)
        this.#sockets.push(connected.socket)
        connected.socket.once('close', () => this.#sockets.splice(this.#sockets.indexOf(connected.socket), 1))
        return connected
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    }
  }
}

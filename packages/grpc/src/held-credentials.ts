// Credentials that also hold the socket they secure: a connection that is given up while it is being made can be closed.
// grpc-js lets such sockets be until the other side closes them.
import type { Socket } from 'node:net'
import { ChannelCredentials } from '@grpc/grpc-js'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

export class HeldCredentials extends ChannelCredentials {
  readonly #given: ChannelCredentials
  #socket: Socket | undefined
  #dropped = false

  constructor(given: ChannelCredentials) {
    super()
    this.#given = given
  }

  override _isSecure(): boolean {
    return this.#given._isSecure()
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other
  }

  override _createSecureConnector(...target: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const connector = this.#given._createSecureConnector(...target)
    return {
      connect: (socket) => {
        this.#socket = socket
        if (this.#dropped) socket.destroy()
        return connector.connect(socket)
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    }
  }

  /** The socket is closed, now or as soon as there is one. */
  drop(): void {
    this.#dropped = true
    this.#socket?.destroy()
  }
}

// Credentials that also hold the sockets they secure, so that a connection can be closed at once, also while it is made.
// grpc-js itself closes connections only when their calls have ended, and half made ones when the other side does.
import type { Socket } from 'node:net'
import { ChannelCredentials } from '@grpc/grpc-js'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

/** Before its 1.13 grpc-js makes its sockets where nobody can hold them: these then close when grpc-js closes them. */
export function held(given: ChannelCredentials): HeldCredentials | undefined {
  return '_createSecureConnector' in given ? new HeldCredentials(given) : undefined
}

export class HeldCredentials extends ChannelCredentials {
  readonly #given: ChannelCredentials
  readonly #sockets = new Set<Socket>()
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
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        if (this.#dropped) socket.destroy()
        return connector.connect(socket)
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    }
  }

  /** Sockets are closed, now or as soon as they are there. */
  drop(): void {
    this.#dropped = true
    for (const socket of this.#sockets) socket.destroy()
  }
}

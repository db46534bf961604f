// Credentials that also hold the sockets they secure, so that a connection can be closed at once, also while it is made.
// grpc-js itself closes connections only when their calls have ended, and half made ones when the other side does.
import type { Socket } from 'node:net'
import type { ChannelCredentials } from '@grpc/grpc-js'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

export interface HeldCredentials {
  readonly credentials: ChannelCredentials
  /** Sockets are closed, now or as soon as they are there. */
  drop(): void
}

/** Before its 1.13 grpc-js makes its sockets where nobody can hold them: these then close when grpc-js closes them. */
export function held(given: ChannelCredentials): HeldCredentials | undefined {
  if (!('_createSecureConnector' in given)) return undefined
  const sockets = new Set<Socket>()
  let dropped = false
  const connect = (connector: Connector, socket: Socket): ReturnType<Connector['connect']> => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (dropped) socket.destroy()
    return connector.connect(socket)
  }
  // no class: it stands for what it is made of, in whichever copy of grpc-js that is
  const credentials = Object.create(given, {
    _equals: { value: (other: ChannelCredentials) => other === credentials },
    _createSecureConnector: {
      value: (...target: Parameters<ChannelCredentials['_createSecureConnector']>): Connector => {
        const connector = given._createSecureConnector(...target)
        return {
          connect: (socket) => connect(connector, socket),
          waitForReady: () => connector.waitForReady(),
          getCallCredentials: () => connector.getCallCredentials(),
          destroy: () => connector.destroy(),
        }
      },
    },
  }) as ChannelCredentials
  return {
    credentials,
    drop: () => {
      dropped = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

// A copy of grpc-js. An application may have one of its own beside the one that is imported here, and no copy takes the
// credentials of another: the connections of a client are made by its own.
import { createRequire } from 'node:module'
import { CallCredentials, Channel, ChannelCredentials, credentials } from '@grpc/grpc-js'

export interface GrpcCopy {
  readonly Channel: typeof Channel
  readonly ChannelCredentials: typeof ChannelCredentials
  readonly CallCredentials: typeof CallCredentials
  readonly credentials: Pick<typeof credentials, 'createSsl'>
}

/** The one that is imported here. */
export const ownCopy: GrpcCopy = { Channel, ChannelCredentials, CallCredentials, credentials }

/** The one that a file would load. @throws Error when it finds none */
export function copyFrom(from: string | URL): GrpcCopy {
  const found = createRequire(from)('@grpc/grpc-js') as GrpcCopy
  const { Channel: made, ChannelCredentials: ofChannels, CallCredentials: ofCalls, credentials: makes } = found
  return { Channel: made, ChannelCredentials: ofChannels, CallCredentials: ofCalls, credentials: makes }
}

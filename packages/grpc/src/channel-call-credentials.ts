// The call credentials that are composed into an application's channel credentials: they go with its calls however its
// connections are secured. grpc-js shows them to connections only.
import type { CallCredentials, ChannelCredentials } from '@grpc/grpc-js'
import type { GrpcCopy } from './copy.ts'

/** Before its 1.13. */
interface Shown {
  _getCallCredentials(): CallCredentials
}

/** Undefined: there are none. */
export function callCredentialsOf(credentials: ChannelCredentials, copy: GrpcCopy): CallCredentials | undefined {
  const all = '_createSecureConnector' in credentials ? ofConnection(credentials) : shown(credentials)
  return all._equals(copy.CallCredentials.createEmpty()) ? undefined : all
}

/** Of a connection that is never made. */
function ofConnection(credentials: ChannelCredentials): CallCredentials {
  const connector = credentials._createSecureConnector({ scheme: 'dns', path: 'localhost' }, {})
  const all = connector.getCallCredentials()
  connector.destroy()
  return all
}

function shown(credentials: unknown): CallCredentials {
  return (credentials as Shown)._getCallCredentials()
}

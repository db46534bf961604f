// How a cluster's connections are secured, as grpc-js takes it.
import type { ChannelCredentials } from '@grpc/grpc-js'
import type { UpstreamTls } from '@proxyless/core/spi'
import type { GrpcCopy } from './copy.ts'
import { tlsFiles } from './tls-files.ts'

/** @throws Error naming the file that cannot be read */
export function tlsCredentials(tls: UpstreamTls, { credentials }: GrpcCopy): ChannelCredentials {
  const { ca, key, cert, rejectUnauthorized, checkServerIdentity } = tlsFiles(tls)
  return credentials.createSsl(ca, key, cert, { rejectUnauthorized, checkServerIdentity })
}

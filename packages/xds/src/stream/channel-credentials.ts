// Credentials of the bootstrap as grpc-js has them: the first of the list that is supported.
import { readFileSync } from 'node:fs'
import { ChannelCredentials } from '@grpc/grpc-js'
import type { Credentials } from '../bootstrap/bootstrap.ts'

/** Others (`google_default`) need libraries that are none of ours. */
const supported: ReadonlySet<string> = new Set(['insecure', 'tls'])

export function isSupported(list: readonly Credentials[]): boolean {
  return list.some(({ type }) => supported.has(type))
}

/** @throws TypeError when none is supported; Error when a file cannot be read. */
export function channelCredentials(list: readonly Credentials[]): ChannelCredentials {
  for (const { type, caFile, certificateFile, privateKeyFile } of list) {
    if (type === 'insecure') return ChannelCredentials.createInsecure()
    if (type === 'tls') return ChannelCredentials.createSsl(read(caFile), read(privateKeyFile), read(certificateFile))
  }
  const types = list.map(({ type }) => type).join(', ')
  throw new TypeError(`none of the credentials for the xDS server is supported (${types}); insecure and tls are`)
}

function read(file: string | undefined): Buffer | null {
  return file === undefined ? null : readFileSync(file)
}

// What a cluster says of TLS as node:tls takes it: files read when they are needed, names checked as Istio says.
import { readFileSync } from 'node:fs'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { checksHostname, namesComplaint, type UpstreamTls } from '@proxyless/core/spi'

export interface TlsFiles {
  readonly ca: Buffer | null
  readonly key: Buffer | null
  readonly cert: Buffer | null
  readonly rejectUnauthorized: boolean
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined
}

/** @throws Error naming the file that cannot be read */
export function tlsFiles(tls: UpstreamTls): TlsFiles {
  return {
    ca: read(tls.caFile, 'caCertificates'),
    key: read(tls.privateKeyFile, 'privateKey'),
    cert: read(tls.certificateFile, 'clientCertificate'),
    rejectUnauthorized: tls.verify,
    checkServerIdentity: (host, certificate) => checkNames(tls, host, certificate),
  }
}

function checkNames(tls: UpstreamTls, host: string, certificate: PeerCertificate): Error | undefined {
  if (checksHostname(tls)) return checkServerIdentity(host, certificate)
  const complaint = namesComplaint(tls, certificate.subjectaltname)
  return complaint === undefined ? undefined : new Error(complaint)
}

function read(file: string | undefined, field: string): Buffer | null {
  if (file === undefined) return null
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`tls ${field}: cannot read ${file}`, { cause })
  }
}

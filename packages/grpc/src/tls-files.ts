// What a cluster says of TLS as node:tls takes it: files read when they are needed, names checked as Istio says.
import { readFileSync } from 'node:fs'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { UpstreamTls } from '@proxyless/core/spi'

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

/** A given SNI without names to check means that only the chain is checked (Istio, DestinationRule tls). */
function checkNames(tls: UpstreamTls, host: string, certificate: PeerCertificate): Error | undefined {
  if (tls.subjectAltNames.length === 0) {
    return tls.serverName === undefined ? checkServerIdentity(host, certificate) : undefined
  }
  const carried = namesOf(certificate)
  if (tls.subjectAltNames.some((name) => carried.includes(name))) return undefined
  return new Error(
    `the certificate carries ${carried.join(', ') || 'no names'}, none of ${tls.subjectAltNames.join(', ')}`,
  )
}

function namesOf(certificate: PeerCertificate): string[] {
  return (certificate.subjectaltname ?? '')
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|URI|IP Address):/, '').replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '')
}

function read(file: string | undefined, field: string): Buffer | null {
  if (file === undefined) return null
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`tls ${field}: cannot read ${file}`, { cause })
  }
}

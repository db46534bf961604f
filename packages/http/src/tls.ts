// How a cluster's connections are secured: files read when the first connection needs them, names checked as Istio says.
import { readFileSync } from 'node:fs'
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from 'node:tls'
import type { UpstreamTls } from '@proxyless/core/spi'

/** TLS options for undici's connector. @throws Error naming the file that cannot be read */
export function tlsOptions(tls: UpstreamTls | undefined): ConnectionOptions {
  if (tls === undefined) return {}
  return {
    rejectUnauthorized: tls.verify,
    minVersion: 'TLSv1.2',
    ...(tls.caFile === undefined ? {} : { ca: read(tls.caFile, 'caCertificates') }),
    ...(tls.certificateFile === undefined ? {} : { cert: read(tls.certificateFile, 'clientCertificate') }),
    ...(tls.privateKeyFile === undefined ? {} : { key: read(tls.privateKeyFile, 'privateKey') }),
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

function read(file: string, field: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`tls ${field}: cannot read ${file}`, { cause })
  }
}

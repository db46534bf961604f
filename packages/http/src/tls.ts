// How a cluster's connections are secured: files read when the first connection needs them, names checked as Istio says.
import { readFileSync } from 'node:fs'
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from 'node:tls'
import { checksHostname, namesComplaint, type UpstreamTls } from '@proxyless/core/spi'

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

function checkNames(tls: UpstreamTls, host: string, certificate: PeerCertificate): Error | undefined {
  if (checksHostname(tls)) return checkServerIdentity(host, certificate)
  const complaint = namesComplaint(tls, certificate.subjectaltname)
  return complaint === undefined ? undefined : new Error(complaint)
}

function read(file: string, field: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`tls ${field}: cannot read ${file}`, { cause })
  }
}

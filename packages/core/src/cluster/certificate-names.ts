// Which names an endpoint's certificate must carry, as Istio says (DestinationRule tls). Asked by doors when they connect.
import type { UpstreamTls } from '../model/cluster.ts'

/** The certificate must be one of the host that is connected to: nothing else was said. */
export function checksHostname({ subjectAltNames, serverName }: UpstreamTls): boolean {
  return subjectAltNames.length === 0 && serverName === undefined
}

/**
 * Why a certificate will not do; undefined: it will. A given SNI without names to check means that only the chain is checked.
 * @param carried the subject alternative names as `node:tls` writes them: `DNS:a, URI:spiffe://b`
 */
export function namesComplaint({ subjectAltNames }: UpstreamTls, carried = ''): string | undefined {
  if (subjectAltNames.length === 0) return undefined
  const names = namesIn(carried)
  if (subjectAltNames.some((name) => names.includes(name))) return undefined
  return `the certificate carries ${names.join(', ') || 'no names'}, none of ${subjectAltNames.join(', ')}`
}

function namesIn(carried: string): string[] {
  return carried
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|URI|IP Address):/, '').replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '')
}

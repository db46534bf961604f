// TLS for this mesh's own clients, where the fields name a provider (gRPC) or cannot say it. Both directions.
import type { TlsMatch, UpstreamTls } from '@proxyless/core/spi'
import { listIn, objectIn, type Own, textIn } from './metadata.ts'

export function writeOwnTls(tls: UpstreamTls): Own {
  return { tls }
}

export function readOwnTls(own: Own | undefined): UpstreamTls | undefined {
  const said = objectIn(own, 'tls')
  const names = listIn(said, 'subjectAltNames')
  if (names === undefined || !names.every((name) => typeof name === 'string')) return undefined
  const text = <K extends string>(key: K): { [P in K]?: string } => {
    const value = textIn(said, key)
    return value === undefined ? {} : ({ [key]: value } as { [P in K]: string })
  }
  return {
    ...text('caFile'),
    ...text('certificateFile'),
    ...text('privateKeyFile'),
    ...text('serverName'),
    subjectAltNames: names,
    // only what was plainly said is not verified
    verify: said?.['verify'] !== false,
  }
}

/** With them the cluster's socket is for other clients, unless it is said here too. */
export function writeOwnTlsMatches(matches: readonly TlsMatch[]): Own {
  return { tlsMatches: matches }
}

/** An entry that cannot be read makes its endpoints unavailable: never plain text instead. */
export function readOwnTlsMatches(own: Own | undefined): TlsMatch[] | undefined {
  return listIn(own, 'tlsMatches')?.map((_, n) =>
    matchOf(objectIn(listIn(own, 'tlsMatches') as unknown as Own, String(n))),
  )
}

function matchOf(said: Own | undefined): TlsMatch {
  const labels = labelsOf(objectIn(said, 'labels'))
  const unavailable = textIn(said, 'unavailable')
  const tls = readOwnTls(said)
  if (unavailable !== undefined) return { labels, unavailable }
  if (tls !== undefined) return { labels, tls }
  return said?.['tls'] === undefined ? { labels } : { labels, unavailable: 'its TLS cannot be read' }
}

function labelsOf(said: Own = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(said).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

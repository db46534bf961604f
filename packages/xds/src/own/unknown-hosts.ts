// What becomes of requests to hosts that nobody claims, beside a listener: a virtual host for all names does not say who set it. Both directions.
import type { UnknownHosts } from '@proxyless/core/spi'
import { objectIn, type Own, textIn } from './metadata.ts'
import { readOrigin, writeOrigins } from './origin.ts'

export function writeUnknownHosts(unknown: UnknownHosts): Own {
  const { kind, origin } = unknown
  return {
    unknownHosts: { kind, ...(kind === 'cluster' ? { cluster: unknown.cluster } : {}), ...writeOrigins(origin, {}) },
  }
}

export function readUnknownHosts(own: Own | undefined): UnknownHosts | undefined {
  const said = objectIn(own, 'unknownHosts')
  const origin = readOrigin(said)
  const kind = textIn(said, 'kind')
  const cluster = textIn(said, 'cluster')
  if (origin === undefined) return undefined
  if (kind === 'passthrough' || kind === 'block' || kind === 'ask') return { kind, origin }
  return kind === 'cluster' && cluster !== undefined ? { kind, cluster, origin } : undefined
}

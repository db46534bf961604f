// How one endpoint of a cluster is reached: its own way where the cluster tells endpoints apart, else the cluster's.
// Asked by doors when they connect.
import type { Cluster, Endpoint, TlsMatch, UpstreamTls } from '../model/cluster.ts'

/** What is `unavailable` must not be connected to. */
export function tlsFor(
  { tls, tlsMatches }: Pick<Cluster, 'tls' | 'tlsMatches'>,
  { tlsLabels = none }: Pick<Endpoint, 'tlsLabels'>,
): { readonly tls?: UpstreamTls | undefined; readonly unavailable?: string } {
  const match = tlsMatches?.find(({ labels }) => holds(labels, tlsLabels))
  return match ?? { tls }
}

const none: Readonly<Record<string, string>> = {}

function holds(asked: TlsMatch['labels'], labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(asked).every(([key, value]) => labels[key] === value)
}

/** Connections made in one way must not serve the other. */
export function isReachedAlike(a: Pick<Endpoint, 'tlsLabels'>, b: Pick<Endpoint, 'tlsLabels'>): boolean {
  return a.tlsLabels === b.tlsLabels || JSON.stringify(a.tlsLabels) === JSON.stringify(b.tlsLabels)
}

// TLS by endpoint: the first entry of transport_socket_matches whose labels an endpoint has (Envoy; gRPC refuses the field).
// Istio sends these for its mutual TLS, whose certificates come from files of a provider here or not at all: there is no SDS.
import type { TlsMatch } from '@proxyless/core/spi'
import type { Cluster, Cluster_TransportSocketMatch } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { Reading } from './reading.ts'
import { labelsOf } from './struct-labels.ts'
import { readTls } from './tls.ts'

const path = 'transport_socket_matches'

export function readTlsMatches(reading: Reading, { transportSocketMatches }: Cluster): TlsMatch[] {
  if (transportSocketMatches.length > 0 && reading.options.dialect === 'api') reading.refuse(path, 'is not supported')
  return transportSocketMatches.map((each) => readMatch(reading, each))
}

/** What cannot be done refuses only the endpoints that it is for: the others of the cluster are called. */
function readMatch(reading: Reading, { name, match, transportSocket }: Cluster_TransportSocketMatch): TlsMatch {
  const own = new Reading(reading.options)
  const tls = readTls(own, `${path}[${name}]`, transportSocket)
  const labels = labelsOf(match)
  for (const note of own.notes) reading.note('', note)
  if (own.errors.length > 0) {
    const why = own.errors.join(', ')
    reading.note(path, `its endpoints are not called, in plain text neither: ${why}`)
    return { labels, unavailable: why }
  }
  return tls === undefined ? { labels } : { labels, tls }
}

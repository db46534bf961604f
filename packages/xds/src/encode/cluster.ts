// A cluster of the model -> Cluster. What Envoy and gRPC have no field for stands in its metadata.
import type { Cluster, Discovery, TlsMatch, UpstreamTls } from '@proxyless/core/spi'
import {
  Cluster as Wire,
  Cluster_DiscoveryType as Type,
  Cluster_DnsLookupFamily as Family,
  Cluster_LbPolicy as Policy,
} from '../generated/envoy/config/cluster/v3/cluster.ts'
import { type Own, ownMetadata } from '../own/metadata.ts'
import { writeDiscovery, writeOwnCluster, writeSlowStart } from '../own/cluster.ts'
import { writeOwnTls, writeOwnTlsMatches } from '../own/tls.ts'
import { startsSlowly, writeBalancing } from './balancing.ts'
import { writeBreakers, writeKeepAlive, writeProtocol } from './connections.ts'
import type { EncoderOptions } from './encoder.ts'
import { writeAssignment } from './endpoints.ts'
import { writeHealthCheck } from './health-check.ts'
import { continued, writeBudgetedBreakers } from './newer-fields.ts'
import { writeOutlier } from './outlier.ts'
import { writeTls, writeTlsMatch } from './tls.ts'
import { ADS, duration, given, percent } from './values.ts'

type Dialect = EncoderOptions['dialect']

/** The message's bytes. */
export function writeCluster(cluster: Cluster, dialect: Dialect): Uint8Array {
  const message = messageOf(cluster, dialect)
  const { retryBudget } = cluster.circuitBreakers
  const [thresholds] = message.circuitBreakers?.thresholds ?? []
  if (retryBudget?.intervalMs === undefined || thresholds === undefined) return Wire.encode(message).finish()
  const bytes = Wire.encode({ ...message, circuitBreakers: undefined }).finish()
  return continued(bytes, writeBudgetedBreakers(thresholds, retryBudget, retryBudget.intervalMs))
}

function messageOf(cluster: Cluster, dialect: Dialect): Wire {
  const { discovery, tls, tlsMatches = [], connectionPool, circuitBreakers, connectTimeoutMs, panicThreshold } = cluster
  const provided = discovery.kind === 'originalDestination' && dialect === 'sidecar'
  return Wire.fromPartial({
    name: cluster.name,
    ...discoveryOf(cluster, discovery, dialect),
    connectTimeout: duration(connectTimeoutMs),
    // Envoy demands it of this kind of cluster
    ...(provided ? { lbPolicy: Policy.CLUSTER_PROVIDED } : {}),
    loadBalancingPolicy: writeBalancing(cluster, dialect, provided),
    // what is known of endpoints counts at once, as it does in this mesh
    commonLbConfig: { healthyPanicThreshold: percent(panicThreshold), updateMergeWindow: duration(0) },
    circuitBreakers: writeBreakers(circuitBreakers),
    typedExtensionProtocolOptions: writeProtocol(cluster),
    ...given('upstreamConnectionOptions', connectionPool.tcpKeepAliveMs, writeKeepAlive),
    ...given('outlierDetection', cluster.outlierDetection, writeOutlier),
    ...given('healthChecks', cluster.healthCheck, (check) => [writeHealthCheck(check)]),
    ...given('transportSocket', tls ?? (dialect === 'api' ? firstTls(tlsMatches) : undefined), (said) =>
      writeTls(said, dialect),
    ),
    ...(dialect === 'api' ? {} : { transportSocketMatches: tlsMatches.map(writeTlsMatch) }),
    ...given('metadata', ownMetadata(besideFields(cluster, dialect)), (metadata) => metadata),
  })
}

/** Endpoints stand in a resource of their own. */
export function hasAssignment({ discovery }: Cluster, dialect: Dialect): boolean {
  switch (discovery.kind) {
    case 'static':
      return true
    case 'originalDestination':
      return dialect === 'api'
    case 'strictDns':
    case 'logicalDns':
      return dialect === 'api' && !isOneName(discovery)
  }
}

type Fields = Parameters<typeof Wire.fromPartial>[0]

function discoveryOf(cluster: Cluster, discovery: Discovery, dialect: Dialect): Fields {
  if (hasAssignment(cluster, dialect)) {
    return { ...typed(Type.EDS), edsClusterConfig: { edsConfig: ADS, serviceName: cluster.name } }
  }
  if (discovery.kind === 'originalDestination') return originalDestination(discovery.port)
  return {
    ...typed(dnsTypeOf(discovery, dialect)),
    loadAssignment: writeAssignment(cluster, discovery.endpoints, dialect),
    ...(dialect === 'sidecar' ? { dnsLookupFamily: Family.V4_PREFERRED, respectDnsTtl: true } : {}),
  }
}

/** Envoy looks up one name logically, and several strictly; gRPC knows the first only. */
function dnsTypeOf(discovery: NamedDiscovery, dialect: Dialect): Type {
  return isOneName(discovery) && (dialect === 'api' || discovery.kind === 'logicalDns')
    ? Type.LOGICAL_DNS
    : Type.STRICT_DNS
}

type NamedDiscovery = Exclude<Discovery, { kind: 'originalDestination' }>

/** As gRPC takes a DNS cluster (A37). Of several names it is told by EDS, as istiod does. */
function isOneName(discovery: NamedDiscovery): boolean {
  const [first] = discovery.endpoints
  return discovery.endpoints.length === 1 && first?.priority === 0 && !first.address.startsWith('unix://')
}

function originalDestination(port: number | undefined): Fields {
  return {
    ...typed(Type.ORIGINAL_DST),
    ...(port === undefined
      ? {}
      : { lbConfig: { $case: 'originalDstLbConfig', value: { upstreamPortOverride: port } } }),
  }
}

function typed(value: Type): Fields {
  return { clusterDiscoveryType: { $case: 'type', value } }
}

/** gRPC has one socket for all endpoints: it never is plain text where some of them are not. */
function firstTls(matches: readonly TlsMatch[]): UpstreamTls | undefined {
  return matches.find(({ tls }) => tls !== undefined)?.tls
}

function besideFields(cluster: Cluster, dialect: Dialect): Own {
  const { discovery, slowStart, loadBalancer, tls, tlsMatches } = cluster
  const told = discovery.kind === 'static' || (!hasAssignment(cluster, dialect) && isTold(discovery, dialect))
  const matched = tlsMatches !== undefined
  const filed = tls === undefined || (!matched && dialect === 'sidecar' && tls.verify && tls.caFile !== undefined)
  return {
    ...writeOwnCluster(cluster),
    ...(told ? {} : writeDiscovery(discovery)),
    ...(slowStart === undefined || startsSlowly(loadBalancer) ? {} : writeSlowStart(slowStart)),
    ...(filed ? {} : writeOwnTls(tls)),
    ...(matched ? writeOwnTlsMatches(tlsMatches) : {}),
  }
}

/** The type of the cluster says what its discovery is. */
function isTold(discovery: Discovery, dialect: Dialect): boolean {
  if (discovery.kind === 'originalDestination') return true
  return dnsTypeOf(discovery, dialect) === (discovery.kind === 'logicalDns' ? Type.LOGICAL_DNS : Type.STRICT_DNS)
}

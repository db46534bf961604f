// Cluster: how it finds its endpoints, and the policy that holds for all of them.
import type { Cluster as Model, Discovery, Origin } from '@proxyless/core/spi'
import { type Cluster, Cluster_DiscoveryType as Type } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { type OwnCluster, readOwnCluster } from '../own/cluster.ts'
import { ownOf } from '../own/metadata.ts'
import { serviceOf } from '../own/service.ts'
import { readOwnTls, readOwnTlsMatches } from '../own/tls.ts'
import { ClusterConfig } from '../generated/envoy/extensions/clusters/aggregate/v3/cluster.ts'
import { readBreakers, readConnections } from './cluster-policy.ts'
import { readEndpoints } from './endpoints.ts'
import { CLUSTER_FIELDS } from './fields/cluster-fields.ts'
import { readHealthCheck } from './health-check.ts'
import { isAggregated } from './listener.ts'
import { readBalancing } from './load-balancer.ts'
import { readOutlier } from './outlier.ts'
import type { Reading } from './reading.ts'
import type { ClusterDiscovery, ClusterResource, Shares } from './resources.ts'
import { readTls } from './tls.ts'
import { readTlsMatches } from './tls-matches.ts'
import { messageName, unpack } from './unpack.ts'

const nothing: Shares = { weights: [], overprovisioningFactor: undefined, drops: [] }
const aggregateName = 'envoy.extensions.clusters.aggregate.v3.ClusterConfig'

export function readCluster(reading: Reading, cluster: Cluster): ClusterResource {
  const ownFields = ownOf(cluster.metadata)
  const own = readOwnCluster(ownFields, reading.options.instance)
  const discovery = readDiscovery(reading, cluster, own)
  const { loadBalancer, slowStart, weighsLocalities } = readBalancing(reading, cluster)
  const healthCheck = readHealthCheck(reading, cluster, ownFields !== undefined)
  const outlierDetection = readOutlier(reading, cluster)
  const ownTls = readOwnTls(ownFields)
  const ownMatches = readOwnTlsMatches(ownFields)
  const tls = ownMatches === undefined ? readTls(reading, 'transport_socket', cluster.transportSocket, ownTls) : ownTls
  const tlsMatches = ownMatches ?? readTlsMatches(reading, cluster)
  noteUnused(reading, cluster, own)
  if (cluster.lrsServer !== undefined && cluster.lrsServer.configSourceSpecifier?.$case !== 'self') {
    reading.refuse('lrs_server', 'is not self')
  }
  const origin: Origin = { resource: `Cluster ${cluster.name}`, path: '', source: reading.options.source }
  const panic = cluster.commonLbConfig?.healthyPanicThreshold?.value
  const model: Model = {
    name: cluster.name,
    service: serviceOf(cluster.name),
    discovery: { kind: 'static', endpoints: [] },
    loadBalancer,
    ...readConnections(reading, cluster),
    connectTimeoutMs: reading.milliseconds('connect_timeout', cluster.connectTimeout) || 5000,
    circuitBreakers: readBreakers(reading, cluster),
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
    ...(cluster.lrsReportEndpointMetrics.length === 0 ? {} : { reportedMetrics: cluster.lrsReportEndpointMetrics }),
    // gRPC knows no panic
    panicThreshold: (panic ?? (reading.options.dialect === 'api' ? 0 : 50)) / 100,
    ...(slowStart === undefined ? {} : { slowStart }),
    ...(tls === undefined ? {} : { tls }),
    ...(tlsMatches.length === 0 ? {} : { tlsMatches }),
    origin,
    origins: {},
  }
  return {
    name: cluster.name,
    notes: reading.notes,
    discovery,
    cluster: own.apply(model),
    weighsLocalities,
    zones: own.zones,
    ownLocalities: ownFields !== undefined,
    reportsLoad: cluster.lrsServer !== undefined,
  }
}

function readDiscovery(reading: Reading, cluster: Cluster, own: OwnCluster): ClusterDiscovery {
  const said = cluster.clusterDiscoveryType
  if (said?.$case === 'clusterType') return readAggregate(reading, cluster)
  const strict = reading.options.dialect === 'api'
  switch (said?.value ?? Type.STATIC) {
    case Type.EDS: {
      const { edsConfig, serviceName = '' } = cluster.edsClusterConfig ?? {}
      if (!isAggregated(edsConfig)) reading.refuse('eds_cluster_config.eds_config', 'is neither ads nor self')
      if (serviceName === '' && cluster.name.startsWith('xdstp:')) {
        reading.refuse('eds_cluster_config.service_name', 'is needed where the name begins with xdstp:')
      }
      if (own.kind === 'originalDestination')
        return { kind: 'inline', discovery: originalDestination(own.port), shares: nothing }
      return { kind: 'named', assignment: serviceName === '' ? cluster.name : serviceName, of: own.kind ?? 'static' }
    }
    case Type.LOGICAL_DNS:
      if (strict) checkSingle(reading, cluster)
      return readInline(reading, cluster, dnsKind(own, 'logicalDns'))
    case Type.STATIC:
      if (strict) break
      return readInline(reading, cluster, 'static')
    case Type.STRICT_DNS:
      if (strict) break
      return readInline(reading, cluster, dnsKind(own, 'strictDns'))
    case Type.ORIGINAL_DST: {
      if (strict) break
      const port =
        cluster.lbConfig?.$case === 'originalDstLbConfig' ? cluster.lbConfig.value.upstreamPortOverride : undefined
      if (cluster.lbConfig?.$case === 'originalDstLbConfig') {
        reading.tell('original_dst_lb_config', cluster.lbConfig.value, CLUSTER_FIELDS.OriginalDstLbConfig)
      }
      return { kind: 'inline', discovery: originalDestination(port), shares: nothing }
    }
    case Type.UNRECOGNIZED:
    default:
      break
  }
  reading.refuse('type', 'is neither EDS nor LOGICAL_DNS nor aggregate')
  return { kind: 'inline', discovery: { kind: 'static', endpoints: [] }, shares: nothing }
}

function originalDestination(port: number | undefined): Discovery {
  return { kind: 'originalDestination', ...(port === undefined ? {} : { port }) }
}

function dnsKind({ kind }: OwnCluster, otherwise: 'strictDns' | 'logicalDns'): 'strictDns' | 'logicalDns' {
  return kind === 'strictDns' || kind === 'logicalDns' ? kind : otherwise
}

function readAggregate(reading: Reading, cluster: Cluster): ClusterDiscovery {
  const said = cluster.clusterDiscoveryType
  const any = said?.$case === 'clusterType' ? said.value.typedConfig : undefined
  if (any === undefined || messageName(any) !== aggregateName) {
    reading.refuse('cluster_type', 'is not known')
    return { kind: 'aggregate', clusters: [] }
  }
  const clusters = unpack(reading, 'cluster_type', ClusterConfig, any)?.clusters ?? []
  if (clusters.length === 0) reading.refuse('cluster_type', 'an aggregate of no clusters')
  return { kind: 'aggregate', clusters }
}

function readInline(reading: Reading, cluster: Cluster, kind: 'static' | 'strictDns' | 'logicalDns'): ClusterDiscovery {
  const { loadAssignment } = cluster
  if (loadAssignment === undefined) return { kind: 'inline', discovery: { kind, endpoints: [] }, shares: nothing }
  // gRPC's rules are for assignments that come as resources
  const { endpoints, ...shares } = readEndpoints(reading.inline(), loadAssignment)
  return { kind: 'inline', discovery: { kind, endpoints }, shares }
}

function checkSingle(reading: Reading, { loadAssignment, ...cluster }: Cluster): void {
  const path = 'load_assignment'
  const [group, ...more] = loadAssignment?.endpoints ?? []
  const [endpoint, ...others] = group?.lbEndpoints ?? []
  const host =
    endpoint?.hostIdentifier?.$case === 'endpoint' ? endpoint.hostIdentifier.value.address?.address : undefined
  const socket = host?.$case === 'socketAddress' ? host.value : undefined
  if (more.length > 0 || others.length > 0 || endpoint === undefined) {
    reading.refuse(path, 'LOGICAL_DNS needs exactly one locality with one endpoint')
  } else if (socket === undefined || socket.address === '' || socket.portSpecifier?.$case !== 'portValue') {
    reading.refuse(path, 'LOGICAL_DNS needs a host and a port')
  } else if (socket.resolverName !== '' || cluster.typedDnsResolverConfig !== undefined) {
    reading.refuse(path, 'LOGICAL_DNS with a resolver of its own')
  }
}

function noteUnused(reading: Reading, cluster: Cluster, { zones }: OwnCluster): void {
  reading.tell('', cluster, CLUSTER_FIELDS.Cluster)
  reading.tell('common_lb_config', cluster.commonLbConfig, CLUSTER_FIELDS.CommonLbConfig)
  if (zones === undefined && cluster.commonLbConfig?.localityConfigSpecifier?.$case === 'zoneAwareLbConfig') {
    reading.note('common_lb_config.zone_aware_lb_config', 'is not applied: which clients there are is not known')
  }
}

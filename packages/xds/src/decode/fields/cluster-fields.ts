// What becomes of the fields of clusters.
// `none` is what counts and logs, and how names are resolved: when a call needs them (DIFFERENCES.md).
import type {
  Cluster,
  Cluster_CommonLbConfig,
  Cluster_CommonLbConfig_ConsistentHashingLbConfig,
  Cluster_EdsClusterConfig,
  Cluster_LeastRequestLbConfig,
  Cluster_MaglevLbConfig,
  Cluster_OriginalDstLbConfig,
  Cluster_RingHashLbConfig,
  Cluster_RoundRobinLbConfig,
  Cluster_SlowStartConfig,
  Cluster_TransportSocketMatch,
  UpstreamConnectionOptions,
} from '../../generated/envoy/config/cluster/v3/cluster.ts'
import type {
  CircuitBreakers,
  CircuitBreakers_Thresholds,
  CircuitBreakers_Thresholds_RetryBudget,
} from '../../generated/envoy/config/cluster/v3/circuit_breaker.ts'
import type { OutlierDetection } from '../../generated/envoy/config/cluster/v3/outlier_detection.ts'
import type { FieldsOf } from './fields.ts'

interface Messages {
  Cluster: Cluster
  EdsClusterConfig: Cluster_EdsClusterConfig
  TransportSocketMatch: Cluster_TransportSocketMatch
  CommonLbConfig: Cluster_CommonLbConfig
  RingHashLbConfig: Cluster_RingHashLbConfig
  MaglevLbConfig: Cluster_MaglevLbConfig
  LeastRequestLbConfig: Cluster_LeastRequestLbConfig
  RoundRobinLbConfig: Cluster_RoundRobinLbConfig
  SlowStartConfig: Cluster_SlowStartConfig
  OriginalDstLbConfig: Cluster_OriginalDstLbConfig
  ConsistentHashingLbConfig: Cluster_CommonLbConfig_ConsistentHashingLbConfig
  UpstreamConnectionOptions: UpstreamConnectionOptions
  CircuitBreakers: CircuitBreakers
  Thresholds: CircuitBreakers_Thresholds
  RetryBudget: CircuitBreakers_Thresholds_RetryBudget
  OutlierDetection: OutlierDetection
}

export const CLUSTER_FIELDS: FieldsOf<Messages> = {
  Cluster: {
    transportSocketMatches: 'read',
    name: 'read',
    altStatName: 'none',
    clusterDiscoveryType: 'read',
    edsClusterConfig: 'read',
    connectTimeout: 'read',
    perConnectionBufferLimitBytes: 'none',
    lbPolicy: 'read',
    loadAssignment: 'read',
    healthChecks: 'read',
    maxRequestsPerConnection: 'read',
    circuitBreakers: 'read',
    upstreamHttpProtocolOptions: 'none',
    commonHttpProtocolOptions: 'read',
    httpProtocolOptions: 'read',
    http2ProtocolOptions: 'read',
    typedExtensionProtocolOptions: 'read',
    dnsRefreshRate: 'none',
    dnsFailureRefreshRate: 'none',
    respectDnsTtl: 'none',
    dnsLookupFamily: 'none',
    dnsResolvers: 'told',
    useTcpForDnsLookups: 'told',
    dnsResolutionConfig: 'told',
    typedDnsResolverConfig: 'read',
    waitForWarmOnInit: 'none',
    outlierDetection: 'read',
    cleanupInterval: 'none',
    upstreamBindConfig: 'told',
    lbSubsetConfig: 'told',
    lbConfig: 'read',
    commonLbConfig: 'read',
    transportSocket: 'read',
    metadata: 'read',
    protocolSelection: 'told',
    upstreamConnectionOptions: 'read',
    closeConnectionsOnHostHealthFailure: 'told',
    ignoreHealthOnHostRemoval: 'none',
    filters: 'told',
    loadBalancingPolicy: 'read',
    lrsServer: 'read',
    lrsReportEndpointMetrics: 'read',
    trackTimeoutBudgets: 'none',
    upstreamConfig: 'told',
    trackClusterStats: 'none',
    preconnectPolicy: 'told',
    connectionPoolPerDownstreamConnection: 'none',
  },
  EdsClusterConfig: {
    edsConfig: 'read',
    serviceName: 'read',
  },
  TransportSocketMatch: {
    name: 'read',
    match: 'read',
    transportSocket: 'read',
  },
  CommonLbConfig: {
    healthyPanicThreshold: 'read',
    localityConfigSpecifier: 'read',
    updateMergeWindow: 'none',
    ignoreNewHostsUntilFirstHc: 'none',
    closeConnectionsOnHostSetChange: 'told',
    consistentHashingLbConfig: 'read',
    overrideHostStatus: 'told',
  },
  RingHashLbConfig: {
    minimumRingSize: 'read',
    hashFunction: 'read',
    maximumRingSize: 'read',
  },
  MaglevLbConfig: {
    tableSize: 'read',
  },
  LeastRequestLbConfig: {
    choiceCount: 'read',
    activeRequestBias: 'read',
    slowStartConfig: 'read',
  },
  RoundRobinLbConfig: {
    slowStartConfig: 'read',
  },
  SlowStartConfig: {
    slowStartWindow: 'read',
    aggression: 'read',
    minWeightPercent: 'read',
  },
  OriginalDstLbConfig: {
    useHttpHeader: 'told',
    httpHeaderName: 'none',
    upstreamPortOverride: 'read',
    metadataKey: 'told',
  },
  ConsistentHashingLbConfig: {
    useHostnameForHashing: 'read',
    hashBalanceFactor: 'read',
  },
  UpstreamConnectionOptions: {
    tcpKeepalive: 'read',
    setLocalInterfaceNameOnUpstreamConnections: 'none',
    happyEyeballsConfig: 'told',
  },
  CircuitBreakers: {
    thresholds: 'read',
    perHostThresholds: 'told',
  },
  Thresholds: {
    priority: 'read',
    maxConnections: 'read',
    maxPendingRequests: 'read',
    maxRequests: 'read',
    maxRetries: 'read',
    retryBudget: 'read',
    trackRemaining: 'none',
    maxConnectionPools: 'told',
  },
  RetryBudget: {
    budgetPercent: 'read',
    minRetryConcurrency: 'read',
  },
  OutlierDetection: {
    consecutive5xx: 'read',
    interval: 'read',
    baseEjectionTime: 'read',
    maxEjectionPercent: 'read',
    enforcingConsecutive5xx: 'read',
    enforcingSuccessRate: 'read',
    successRateMinimumHosts: 'read',
    successRateRequestVolume: 'read',
    successRateStdevFactor: 'read',
    consecutiveGatewayFailure: 'read',
    enforcingConsecutiveGatewayFailure: 'read',
    splitExternalLocalOriginErrors: 'read',
    consecutiveLocalOriginFailure: 'read',
    enforcingConsecutiveLocalOriginFailure: 'read',
    enforcingLocalOriginSuccessRate: 'read',
    failurePercentageThreshold: 'read',
    enforcingFailurePercentage: 'read',
    enforcingFailurePercentageLocalOrigin: 'read',
    failurePercentageMinimumHosts: 'read',
    failurePercentageRequestVolume: 'read',
    maxEjectionTime: 'read',
    maxEjectionTimeJitter: 'read',
    successfulActiveHealthCheckUnejectHost: 'read',
    monitors: 'told',
    alwaysEjectOneHost: 'read',
  },
}

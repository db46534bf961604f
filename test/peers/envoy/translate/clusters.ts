// Clusters -> Envoy's: endpoints, pool, limits, outlier detection. The balancer is in balancers.ts.
import type { CircuitBreakers, Cluster, Discovery, Endpoint, UpstreamTls } from '@proxyless/core/spi'
import { balancerOf } from './balancers.ts'
import { healthCheckOf } from './health-checks.ts'
import { errorsOf, outlierOf } from './outlier.ts'
import { any, duration, fraction, given, type Json, limit, percent, typed } from './values.ts'

/** Undefined for what only a transparent listener can do. */
export function clusterOf(cluster: Cluster): Json | undefined {
  if (cluster.discovery.kind === 'originalDestination') return undefined
  return {
    name: cluster.name,
    type: types[cluster.discovery.kind],
    // as istiod has it for a client without IPv6: our backends listen on 127.0.0.1
    dns_lookup_family: 'V4_ONLY',
    connect_timeout: duration(cluster.connectTimeoutMs),
    load_assignment: assignmentOf(cluster, cluster.discovery),
    circuit_breakers: breakersOf(cluster.circuitBreakers),
    typed_extension_protocol_options: { [protocolOptions]: protocolOf(cluster) },
    ...balancerOf(cluster),
    ...given('outlier_detection', cluster.outlierDetection, outlierOf),
    ...given('health_checks', cluster.healthCheck, (check) => [healthCheckOf(check)]),
    ...given('transport_socket', cluster.tls, tlsOf),
  }
}

const types = { static: 'STATIC', strictDns: 'STRICT_DNS', logicalDns: 'LOGICAL_DNS' }
const protocolOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

function assignmentOf(cluster: Cluster, discovery: Exclude<Discovery, { kind: 'originalDestination' }>): Json {
  const groups = new Map<string, Endpoint[]>()
  for (const each of discovery.endpoints) {
    const key = JSON.stringify([each.priority, each.locality])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return {
    cluster_name: cluster.name,
    endpoints: [...groups.values()].map((group) => localityOf(cluster, group)),
    policy: {
      ...given('overprovisioning_factor', cluster.overprovisioningFactor, (factor) => Math.round(factor * 100)),
      ...given('drop_overloads', cluster.drops, (drops) =>
        drops.map(({ category, percent: share }) => ({ category, drop_percentage: fraction(share) })),
      ),
    },
  }
}

function localityOf({ localities }: Cluster, endpoints: readonly Endpoint[]): Json {
  const [{ locality, priority } = { locality: undefined, priority: 0 }] = endpoints
  const weights = localities?.kind === 'weighted' ? localities.weights : []
  const weight = weights.find(
    (each) => each.priority === priority && JSON.stringify(each.locality) === JSON.stringify(locality),
  )?.weight
  return {
    locality: { region: locality?.region, zone: locality?.zone, sub_zone: locality?.subzone },
    priority,
    lb_endpoints: endpoints.map(endpointOf),
    ...given('load_balancing_weight', weight),
  }
}

const healths = { healthy: 'HEALTHY', degraded: 'DEGRADED', unhealthy: 'UNHEALTHY', draining: 'DRAINING' }

function endpointOf({ address, port, weight, health, hostname, hashName, healthCheck }: Endpoint): Json {
  return {
    endpoint: {
      address: address.startsWith('unix://')
        ? { pipe: { path: address.slice('unix://'.length) } }
        : { socket_address: { address, port_value: port } },
      ...given('hostname', hostname),
      ...given('health_check_config', healthCheck, (check) => ({
        ...given('port_value', check.port),
        ...given('hostname', check.hostname),
        ...given('disable_active_health_check', check.disabled),
      })),
    },
    load_balancing_weight: weight,
    health_status: healths[health],
    ...given('metadata', hashName, (hash_key) => ({ filter_metadata: { 'envoy.lb': { hash_key } } })),
  }
}

function protocolOf({ protocol, connectionPool, outlierDetection }: Cluster): Json {
  const { idleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection, maxConcurrentStreams } = connectionPool
  return any(protocolOptions, {
    ...errorsOf(outlierDetection),
    common_http_protocol_options: {
      idle_timeout: duration(idleTimeoutMs),
      ...given('max_connection_duration', maxConnectionDurationMs, duration),
      ...(maxRequestsPerConnection > 0 && { max_requests_per_connection: maxRequestsPerConnection }),
    },
    explicit_http_config:
      protocol === 'http2'
        ? { http2_protocol_options: { max_concurrent_streams: maxConcurrentStreams } }
        : { http_protocol_options: { enable_trailers: true } },
  })
}

function breakersOf(breakers: CircuitBreakers): Json {
  const { retryBudget } = breakers
  const threshold = {
    max_connections: limit(breakers.maxConnections),
    max_pending_requests: limit(breakers.maxPendingRequests),
    max_requests: limit(breakers.maxRequests),
    max_retries: limit(breakers.maxRetries),
    ...given('retry_budget', retryBudget, (budget) => ({
      budget_percent: percent(budget.percent),
      min_retry_concurrency: budget.minRetryConcurrency,
      ...given('budget_interval', budget.intervalMs, duration),
    })),
  }
  return { thresholds: [threshold] }
}

function tlsOf(tls: UpstreamTls): Json {
  const { caFile, certificateFile, privateKeyFile, serverName, subjectAltNames, verify } = tls
  const names = subjectAltNames.map((exact) => ({ san_type: 'DNS', matcher: { exact } }))
  return typed('tls', 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
    ...given('sni', serverName),
    common_tls_context: {
      ...(certificateFile !== undefined && {
        tls_certificates: [
          { certificate_chain: { filename: certificateFile }, private_key: { filename: privateKeyFile } },
        ],
      }),
      ...(verify &&
        caFile !== undefined && {
          validation_context: { trusted_ca: { filename: caFile }, match_typed_subject_alt_names: names },
        }),
    },
    auto_host_sni: serverName === undefined,
    auto_sni_san_validation: verify && serverName === undefined && names.length === 0,
  })
}

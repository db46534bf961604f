// Active health checks -> Envoy's.
import type { Cluster } from '@proxyless/core/spi'
import { duration, given, type Json, percent } from './values.ts'

type HealthCheck = NonNullable<Cluster['healthCheck']>

export function healthCheckOf(check: HealthCheck): Json {
  return {
    timeout: duration(check.timeoutMs),
    interval: duration(check.intervalMs),
    unhealthy_threshold: check.unhealthyThreshold,
    healthy_threshold: check.healthyThreshold,
    ...given('initial_jitter', check.initialJitterMs, duration),
    ...given('interval_jitter', check.intervalJitterMs, duration),
    ...given('interval_jitter_percent', check.intervalJitter, (share) => percent(share)['value']),
    ...given('no_traffic_interval', check.noTrafficIntervalMs, duration),
    ...given('no_traffic_healthy_interval', check.noTrafficHealthyIntervalMs, duration),
    ...given('unhealthy_interval', check.unhealthyIntervalMs, duration),
    ...given('unhealthy_edge_interval', check.unhealthyEdgeIntervalMs, duration),
    ...given('healthy_edge_interval', check.healthyEdgeIntervalMs, duration),
    ...given('reuse_connection', check.reuseConnection),
    ...kindOf(check),
  }
}

function kindOf(check: HealthCheck): Json {
  switch (check.kind) {
    case 'http':
      return { http_health_check: httpOf(check) }
    case 'tcp':
      return { tcp_health_check: { ...given('send', check.send, bytes), receive: (check.receive ?? []).map(bytes) } }
    case 'grpc':
      return { grpc_health_check: { service_name: check.serviceName, ...given('authority', check.authority) } }
  }
}

function httpOf(check: Extract<HealthCheck, { kind: 'http' }>): Json {
  const ranges = (list: NonNullable<typeof check.expectedStatuses>): Json[] =>
    list.map(({ from, to }) => ({ start: from, end: to }))
  return {
    path: check.path,
    ...given('host', check.host),
    ...given('method', check.method),
    ...given('expected_statuses', check.expectedStatuses, ranges),
    ...given('retriable_statuses', check.retriableStatuses, ranges),
    ...given('request_headers_to_add', check.headers, (list) =>
      list.map(({ name, value }) => ({ header: { key: name, value } })),
    ),
    ...given('service_name_matcher', check.serviceName, ({ kind, value }) => ({ [kind]: value })),
    ...given('codec_client_type', check.protocol, (protocol) => protocol.toUpperCase()),
  }
}

function bytes(given: Uint8Array): Json {
  return { text: Buffer.from(given).toString('hex') }
}

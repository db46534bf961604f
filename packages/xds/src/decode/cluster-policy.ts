// Policies of a cluster: limits, connections, protocol.
import type { CircuitBreakers, ConnectionPool, UpstreamProtocol } from '@proxyless/core/spi'
import type { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { HttpProtocolOptions } from '../generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts'
import { CLUSTER_FIELDS } from './fields/cluster-fields.ts'
import { CONNECTION_FIELDS } from './fields/connection-fields.ts'
import type { Reading } from './reading.ts'
import { unpack } from './unpack.ts'

const hourMs = 3_600_000
const unlimited = 2 ** 32 - 1
/** Of one connection, where nothing is said: Envoy's since 1.36. */
export const defaultMaxStreams = 1024
const optionsName = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** Of the default priority; where nothing is said Envoy's 1024, 1024, 1024 and 3. gRPC knows `max_requests` only. */
export function readBreakers(reading: Reading, { circuitBreakers }: Cluster): CircuitBreakers {
  const said = circuitBreakers?.thresholds.find(({ priority }) => priority === 0)
  reading.tell('circuit_breakers', circuitBreakers, CLUSTER_FIELDS.CircuitBreakers)
  reading.tell('circuit_breakers.thresholds', said, CLUSTER_FIELDS.Thresholds)
  const limit = (value: number | undefined, otherwise: number): number =>
    value === undefined ? otherwise : value >= unlimited ? Infinity : value
  const others = reading.options.dialect === 'api' ? Infinity : 1024
  const budget = said?.retryBudget
  return {
    maxConnections: limit(said?.maxConnections, others),
    maxPendingRequests: limit(said?.maxPendingRequests, others),
    maxRequests: limit(said?.maxRequests, 1024),
    maxRetries: limit(said?.maxRetries, reading.options.dialect === 'api' ? Infinity : 3),
    ...(budget === undefined
      ? {}
      : {
          retryBudget: {
            percent: (budget.budgetPercent?.value ?? 20) / 100,
            minRetryConcurrency: budget.minRetryConcurrency ?? 3,
          },
        }),
  }
}

export interface Connections {
  readonly protocol: UpstreamProtocol
  readonly connectionPool: ConnectionPool
}

export function readConnections(reading: Reading, cluster: Cluster): Connections {
  const any = cluster.typedExtensionProtocolOptions[optionsName]
  const options = any === undefined ? undefined : unpack(reading, optionsName, HttpProtocolOptions, any)
  for (const name of Object.keys(cluster.typedExtensionProtocolOptions)) {
    if (name !== optionsName) reading.note('typed_extension_protocol_options', `${name} is not applied`)
  }
  const upstream = options?.upstreamProtocolOptions
  const explicit = upstream?.$case === 'explicitHttpConfig' ? upstream.value.protocolConfig : undefined
  if (explicit?.$case === 'http3ProtocolOptions') reading.note(optionsName, 'HTTP/3 is not applied: HTTP/1.1 is used')
  const http2 = explicit?.$case === 'http2ProtocolOptions' ? explicit.value : cluster.http2ProtocolOptions
  const common = options?.commonHttpProtocolOptions ?? cluster.commonHttpProtocolOptions
  const http1 = explicit?.$case === 'httpProtocolOptions' ? explicit.value : cluster.httpProtocolOptions
  reading.tell(optionsName, options, CONNECTION_FIELDS.UpstreamHttpProtocolOptions)
  reading.tell('common_http_protocol_options', common, CONNECTION_FIELDS.HttpProtocolOptions)
  reading.tell('http_protocol_options', http1, CONNECTION_FIELDS.Http1ProtocolOptions)
  reading.tell('http2_protocol_options', http2, CONNECTION_FIELDS.Http2ProtocolOptions)
  reading.tell(
    'upstream_connection_options',
    cluster.upstreamConnectionOptions,
    CLUSTER_FIELDS.UpstreamConnectionOptions,
  )
  const idle = reading.milliseconds('idle_timeout', common?.idleTimeout) ?? hourMs
  const age = reading.milliseconds('max_connection_duration', common?.maxConnectionDuration)
  const keepalive = cluster.upstreamConnectionOptions?.tcpKeepalive
  return {
    protocol: http2 === undefined ? 'http1' : 'http2',
    connectionPool: {
      idleTimeoutMs: idle === 0 ? Infinity : idle,
      ...(age === undefined || age === 0 ? {} : { maxConnectionDurationMs: age }),
      maxRequestsPerConnection: common?.maxRequestsPerConnection ?? cluster.maxRequestsPerConnection ?? 0,
      maxConcurrentStreams: http2?.maxConcurrentStreams ?? defaultMaxStreams,
      ...(keepalive === undefined ? {} : { tcpKeepAliveMs: (keepalive.keepaliveTime ?? 7200) * 1000 }),
    },
  }
}

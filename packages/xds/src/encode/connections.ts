// How a cluster is connected to: its protocol and pool, and the limits that hold for it.
import type { CircuitBreakers, Cluster } from '@proxyless/core/spi'
import { CircuitBreakers as WireBreakers } from '../generated/envoy/config/cluster/v3/circuit_breaker.ts'
import { HttpProtocolOptions } from '../generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { continued, writeErrorMatcher } from './newer-fields.ts'
import { duration, given, limit, packBytes, percent } from './values.ts'

const optionsName = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** For `typed_extension_protocol_options`. */
export function writeProtocol(cluster: Cluster): Record<string, Any> {
  const { protocol, connectionPool, tls } = cluster
  const { idleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection, maxConcurrentStreams } = connectionPool
  const followsHost = tls !== undefined && tls.serverName === undefined
  const message = HttpProtocolOptions.fromPartial({
    commonHttpProtocolOptions: {
      idleTimeout: duration(idleTimeoutMs === Infinity ? 0 : idleTimeoutMs),
      ...given('maxConnectionDuration', maxConnectionDurationMs, duration),
      ...(maxRequestsPerConnection > 0 ? { maxRequestsPerConnection } : {}),
    },
    upstreamProtocolOptions: {
      $case: 'explicitHttpConfig',
      value: {
        protocolConfig:
          protocol === 'http2'
            ? { $case: 'http2ProtocolOptions', value: { maxConcurrentStreams } }
            : { $case: 'httpProtocolOptions', value: { enableTrailers: true } },
      },
    },
    // the request's host is the server's name, and is verified where no other names are
    ...(followsHost
      ? {
          upstreamHttpProtocolOptions: {
            autoSni: true,
            autoSanValidation: tls.verify && tls.subjectAltNames.length === 0,
          },
        }
      : {}),
  })
  const bytes = HttpProtocolOptions.encode(message).finish()
  return { [optionsName]: packBytes(optionsName, continued(bytes, writeErrorMatcher(cluster))) }
}

export function writeKeepAlive(ms: number): object {
  return { tcpKeepalive: { keepaliveTime: Math.max(1, Math.round(ms / 1000)) } }
}

export function writeBreakers(breakers: CircuitBreakers): WireBreakers {
  const { retryBudget } = breakers
  return WireBreakers.fromPartial({
    thresholds: [
      {
        maxConnections: limit(breakers.maxConnections),
        maxPendingRequests: limit(breakers.maxPendingRequests),
        maxRequests: limit(breakers.maxRequests),
        maxRetries: limit(breakers.maxRetries),
        ...given('retryBudget', retryBudget, (budget) => ({
          budgetPercent: percent(budget.percent),
          minRetryConcurrency: budget.minRetryConcurrency,
        })),
      },
    ],
  })
}

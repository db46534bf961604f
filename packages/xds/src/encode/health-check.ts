// Active health checks -> Envoy's message. gRPC looks at none; this mesh's own client does in both dialects.
import type { HealthCheck, HttpHealthCheck } from '@proxyless/core/spi'
import { HealthCheck as Wire, type HealthCheck_Payload } from '../generated/envoy/config/core/v3/health_check.ts'
import { duration, given, percent } from './values.ts'

export function writeHealthCheck(check: HealthCheck): Wire {
  return Wire.fromPartial({
    timeout: duration(check.timeoutMs),
    interval: duration(check.intervalMs),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    ...given('initialJitter', check.initialJitterMs, duration),
    ...given('intervalJitter', check.intervalJitterMs, duration),
    ...given('intervalJitterPercent', check.intervalJitter, (share) => Math.round(percent(share).value)),
    ...given('noTrafficInterval', check.noTrafficIntervalMs, duration),
    ...given('noTrafficHealthyInterval', check.noTrafficHealthyIntervalMs, duration),
    ...given('unhealthyInterval', check.unhealthyIntervalMs, duration),
    ...given('unhealthyEdgeInterval', check.unhealthyEdgeIntervalMs, duration),
    ...given('healthyEdgeInterval', check.healthyEdgeIntervalMs, duration),
    ...given('reuseConnection', check.reuseConnection, (value) => value),
    healthChecker: checkerOf(check),
  })
}

function checkerOf(check: HealthCheck): Parameters<typeof Wire.fromPartial>[0]['healthChecker'] {
  switch (check.kind) {
    case 'http':
      return { $case: 'httpHealthCheck', value: httpOf(check) }
    case 'tcp':
      return {
        $case: 'tcpHealthCheck',
        value: { ...given('send', check.send, payload), receive: (check.receive ?? []).map(payload) },
      }
    case 'grpc':
      return { $case: 'grpcHealthCheck', value: { serviceName: check.serviceName, authority: check.authority ?? '' } }
  }
}

/** Numbers of Envoy's RequestMethod; 0: it is not said, and means GET. */
const methods: Readonly<Record<string, 0 | 1 | 2 | 3 | 4 | 5 | 7 | 8 | 9>> = {
  GET: 1,
  HEAD: 2,
  POST: 3,
  PUT: 4,
  DELETE: 5,
  OPTIONS: 7,
  TRACE: 8,
  PATCH: 9,
}

function httpOf(check: HttpHealthCheck): object {
  const range = ({ from, to }: { readonly from: number; readonly to: number }): object => ({ start: from, end: to })
  return {
    path: check.path,
    host: check.host ?? '',
    method: methods[check.method ?? ''] ?? 0,
    expectedStatuses: (check.expectedStatuses ?? []).map(range),
    retriableStatuses: (check.retriableStatuses ?? []).map(range),
    requestHeadersToAdd: (check.headers ?? []).map(({ name, value }) => ({ header: { key: name, value } })),
    ...given('serviceNameMatcher', check.serviceName, ({ kind, value }) => ({ matchPattern: { $case: kind, value } })),
    codecClientType: check.protocol === 'http2' ? 1 : 0,
  }
}

/** Hexadecimal, which every Envoy takes. */
function payload(bytes: Uint8Array): HealthCheck_Payload {
  return { payload: { $case: 'text', value: Buffer.from(bytes).toString('hex') } }
}

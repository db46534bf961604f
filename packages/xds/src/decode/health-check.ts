// Active health checks. The engine takes one per cluster, as Envoy does; what else is asked for is told.
import type { HealthCheck } from '@proxyless/core/spi'
import type { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import type {
  HealthCheck as Wire,
  HealthCheck_HttpHealthCheck,
  HealthCheck_Payload,
} from '../generated/envoy/config/core/v3/health_check.ts'
import { CONNECTION_FIELDS } from './fields/connection-fields.ts'
import type { Reading } from './reading.ts'

/** What all kinds have. */
type HealthCheckTiming = Omit<Extract<HealthCheck, { kind: 'grpc' }>, 'kind' | 'serviceName' | 'authority'>

const path = 'health_checks[0]'

/**
 * Undefined: none, or of a kind that is not applied. gRPC looks at no health checks.
 * @param own this mesh's own control plane says what it means
 */
export function readHealthCheck(reading: Reading, { healthChecks }: Cluster, own: boolean): HealthCheck | undefined {
  const [said, ...more] = healthChecks
  if (said === undefined || (reading.options.dialect === 'api' && !own)) return undefined
  if (more.length > 0) reading.note('health_checks', 'only the first is applied')
  reading.tell(path, said, CONNECTION_FIELDS.HealthCheck)
  const timing = timingOf(reading, said)
  const checker = said.healthChecker
  switch (checker?.$case) {
    case 'httpHealthCheck':
      return { kind: 'http', ...timing, ...httpOf(reading, checker.value) }
    case 'tcpHealthCheck': {
      reading.tell(`${path}.tcp_health_check`, checker.value, CONNECTION_FIELDS.TcpHealthCheck)
      const send = bytesOf(checker.value.send)
      return {
        kind: 'tcp',
        ...timing,
        ...(send === undefined ? {} : { send }),
        receive: checker.value.receive.flatMap((each) => bytesOf(each) ?? []),
      }
    }
    case 'grpcHealthCheck': {
      reading.tell(`${path}.grpc_health_check`, checker.value, CONNECTION_FIELDS.GrpcHealthCheck)
      const { serviceName, authority } = checker.value
      return { kind: 'grpc', ...timing, serviceName, ...(authority === '' ? {} : { authority }) }
    }
    case 'customHealthCheck':
    case undefined:
      reading.note(path, 'a kind of health check that is not applied')
      return undefined
  }
}

function timingOf(reading: Reading, said: Wire): HealthCheckTiming {
  const optional = <K extends Extract<keyof HealthCheckTiming, string>>(
    key: K,
    duration: Wire['interval'],
  ): { [P in K]?: number } => {
    const ms = reading.milliseconds(`${path}.${key}`, duration)
    return ms === undefined ? {} : ({ [key]: ms } as { [P in K]: number })
  }
  const needed = (field: string, duration: Wire['interval']): number => {
    const ms = reading.milliseconds(`${path}.${field}`, duration) ?? 0
    if (ms <= 0) reading.refuse(`${path}.${field}`, 'must be above 0')
    return ms
  }
  return {
    timeoutMs: needed('timeout', said.timeout),
    intervalMs: needed('interval', said.interval),
    unhealthyThreshold: said.unhealthyThreshold ?? 1,
    healthyThreshold: said.healthyThreshold ?? 1,
    ...optional('initialJitterMs', said.initialJitter),
    ...optional('intervalJitterMs', said.intervalJitter),
    ...(said.intervalJitterPercent === 0 ? {} : { intervalJitter: said.intervalJitterPercent / 100 }),
    ...optional('noTrafficIntervalMs', said.noTrafficInterval),
    ...optional('noTrafficHealthyIntervalMs', said.noTrafficHealthyInterval),
    ...optional('unhealthyIntervalMs', said.unhealthyInterval),
    ...optional('unhealthyEdgeIntervalMs', said.unhealthyEdgeInterval),
    ...optional('healthyEdgeIntervalMs', said.healthyEdgeInterval),
    ...(said.reuseConnection === undefined ? {} : { reuseConnection: said.reuseConnection }),
  }
}

const methods: Readonly<Record<number, string>> = {
  1: 'GET',
  2: 'HEAD',
  3: 'POST',
  4: 'PUT',
  5: 'DELETE',
  7: 'OPTIONS',
  8: 'TRACE',
  9: 'PATCH',
}

function httpOf(
  reading: Reading,
  said: HealthCheck_HttpHealthCheck,
): Omit<Extract<HealthCheck, { kind: 'http' }>, 'kind' | keyof HealthCheckTiming> {
  if (said.path === '') reading.refuse(`${path}.http_health_check.path`, 'is empty')
  reading.tell(`${path}.http_health_check`, said, CONNECTION_FIELDS.HttpHealthCheck)
  const method = methods[said.method]
  const range = ({ start, end }: { start: number; end: number }): { from: number; to: number } => ({
    from: start,
    to: end,
  })
  const named = said.serviceNameMatcher?.matchPattern
  if (named !== undefined && named.$case !== 'exact' && named.$case !== 'prefix') {
    reading.note(`${path}.http_health_check.service_name_matcher`, 'is not applied')
  }
  return {
    path: said.path,
    ...(said.host === '' ? {} : { host: said.host }),
    ...(method === undefined ? {} : { method }),
    ...(said.expectedStatuses.length === 0 ? {} : { expectedStatuses: said.expectedStatuses.map(range) }),
    ...(said.retriableStatuses.length === 0 ? {} : { retriableStatuses: said.retriableStatuses.map(range) }),
    ...(said.requestHeadersToAdd.length === 0
      ? {}
      : {
          headers: said.requestHeadersToAdd.map(({ header }) => ({
            name: (header?.key ?? '').toLowerCase(),
            value: header?.value ?? '',
          })),
        }),
    ...(named?.$case === 'exact' || named?.$case === 'prefix'
      ? { serviceName: { kind: named.$case, value: named.value } }
      : {}),
    // 1: HTTP2
    ...(said.codecClientType === 1 ? { protocol: 'http2' } : {}),
  }
}

/** A text is hexadecimal. */
function bytesOf(payload: HealthCheck_Payload | undefined): Uint8Array | undefined {
  const said = payload?.payload
  if (said?.$case === 'binary') return said.value
  return said === undefined ? undefined : Uint8Array.from(Buffer.from(said.value, 'hex'))
}

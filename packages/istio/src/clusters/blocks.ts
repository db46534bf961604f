// Policy blocks in the engine's words: balancing, pools, limits, ejection, TLS.
import type {
  CircuitBreakers,
  ConnectionPool,
  LoadBalancer,
  OutlierDetection,
  RetryBudget,
  SlowStart,
  UpstreamTls,
} from '@proxyless/core/spi'
import type { Compat } from '../compat.ts'
import type {
  ConnectionPoolSpec,
  LoadBalancerSpec,
  OutlierDetectionSpec,
  RetryBudgetSpec,
  TlsSpec,
} from '../schema/traffic-policy.ts'
import { DEFAULT_KEEPALIVE_MS } from '../world/settings.ts'
import type { Settings } from '../world/settings.ts'

const HOUR_MS = 3_600_000

export function translateLoadBalancer(block: LoadBalancerSpec | undefined, compat: Compat): LoadBalancer {
  const hash = block?.consistentHash
  if (hash?.maglev !== undefined) return { kind: 'maglev', tableSize: hash.maglev.tableSize ?? 65_537 }
  if (hash !== undefined) {
    return { kind: 'ringHash', minimumRingSize: hash.ringHash?.minimumRingSize ?? (hash.minimumRingSize || 1024) }
  }
  switch (block?.simple ?? 'UNSPECIFIED') {
    case 'RANDOM':
      return { kind: 'random' }
    case 'ROUND_ROBIN':
      return { kind: 'roundRobin' }
    case 'LEAST_REQUEST':
    case 'LEAST_CONN':
      return { kind: 'leastRequest', choices: 2 }
    case 'UNSPECIFIED':
    case 'PASSTHROUGH':
      return compat.loadBalancer === 'roundRobin' ? { kind: 'roundRobin' } : { kind: 'leastRequest', choices: 2 }
  }
}

/** Undefined: new endpoints get their whole share at once. */
export function translateSlowStart(block: LoadBalancerSpec | undefined): SlowStart | undefined {
  const { warmup, warmupDurationSecs } = block ?? {}
  const windowMs = warmup?.duration ?? warmupDurationSecs
  if (windowMs === undefined) return undefined
  return { windowMs, aggression: warmup?.aggression ?? 1, minWeight: (warmup?.minimumPercent ?? 10) / 100 }
}

export function translateConnectionPool(
  block: ConnectionPoolSpec | undefined,
  settings: Settings,
  compat: Compat,
): ConnectionPool {
  const { tcp, http } = block ?? {}
  const keepAliveMs =
    tcp?.tcpKeepalive === undefined ? settings.tcpKeepAliveMs : (tcp.tcpKeepalive.time ?? DEFAULT_KEEPALIVE_MS)
  return {
    idleTimeoutMs: http?.idleTimeout ?? (tcp?.idleTimeout === 0 ? Infinity : (tcp?.idleTimeout ?? HOUR_MS)),
    ...(tcp?.maxConnectionDuration === undefined ? {} : { maxConnectionDurationMs: tcp.maxConnectionDuration }),
    maxRequestsPerConnection: http?.maxRequestsPerConnection ?? 0,
    maxConcurrentStreams: http?.maxConcurrentStreams || compat.maxConcurrentStreams,
    ...(keepAliveMs === undefined ? {} : { tcpKeepAliveMs: keepAliveMs }),
  }
}

/** Zero or unset is no limit, not "nothing allowed". */
export function translateBreakers(
  pool: ConnectionPoolSpec | undefined,
  budget: RetryBudgetSpec | undefined,
): CircuitBreakers {
  return {
    maxConnections: pool?.tcp?.maxConnections || Infinity,
    maxPendingRequests: pool?.http?.http1MaxPendingRequests || Infinity,
    maxRequests: pool?.http?.http2MaxRequests || Infinity,
    maxRetries: pool?.http?.maxRetries || Infinity,
    ...(budget === undefined ? {} : { retryBudget: translateBudget(budget) }),
  }
}

function translateBudget(budget: RetryBudgetSpec): RetryBudget {
  return {
    percent: (budget.percent ?? 20) / 100,
    minRetryConcurrency: budget.minRetryConcurrency ?? 3,
    ...(budget.budgetInterval === undefined || budget.budgetInterval === 0
      ? {}
      : { intervalMs: budget.budgetInterval }),
  }
}

export function translateOutlierDetection(block: OutlierDetectionSpec, compat: Compat): OutlierDetection {
  const legacy = compat.consecutiveErrors && (block.consecutiveErrors ?? 0) > 0
  const split = block.splitExternalLocalOriginErrors ?? false
  const baseEjectionTimeMs = block.baseEjectionTime ?? 30_000
  const codes = block.outlierDetectionHttpErrorCodes
  return {
    consecutive5xx: legacy ? 0 : (block.consecutive5xxErrors ?? 5),
    consecutiveGatewayFailure: legacy ? (block.consecutiveErrors ?? 0) : (block.consecutiveGatewayErrors ?? 0),
    splitExternalLocalOriginErrors: split,
    consecutiveLocalOriginFailure: split ? block.consecutiveLocalOriginFailures || 5 : 0,
    intervalMs: block.interval ?? 10_000,
    baseEjectionTimeMs,
    maxEjectionTimeMs: Math.max(300_000, baseEjectionTimeMs),
    maxEjectionPercent: (block.maxEjectionPercent || 10) / 100,
    ...(codes === undefined || codes.length === 0 ? {} : { errorStatusCodes: codes.map(Number) }),
  }
}

/** Undefined: plain text. */
export function translateTls(block: TlsSpec | undefined, serviceNames: readonly string[]): UpstreamTls | undefined {
  if (block === undefined || (block.mode !== 'SIMPLE' && block.mode !== 'MUTUAL')) return undefined
  const names = block.subjectAltNames ?? []
  return {
    ...text('caFile', block.caCertificates),
    ...(block.mode === 'MUTUAL'
      ? { ...text('certificateFile', block.clientCertificate), ...text('privateKeyFile', block.privateKey) }
      : {}),
    ...text('serverName', block.sni),
    subjectAltNames: names.length > 0 ? names : serviceNames,
    verify: block.insecureSkipVerify !== true,
  }
}

function text<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { [P in K]: string })
}

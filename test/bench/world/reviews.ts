// The configuration under which calls are measured: what a VirtualService of ten rules and a DestinationRule with
// retries, a timeout, a breaker and outlier detection come to, and the request that reaches its last rule.
import type { Cluster, Endpoint, ForwardAction, MeshConfig, Route, RouteMatch, VirtualHost } from '@proxyless/core/spi'

export const authority = 'reviews.bench:9080'
export const target = '/reviews/0'
export const requestHeaders: Readonly<Record<string, string>> = {
  accept: 'application/json',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/139.0.0.0',
  'x-tenant': 'acme',
}

const origin = { resource: 'bench', path: '' }

export function reviewsConfig(ports: readonly number[]): MeshConfig {
  const cluster = reviewsCluster(
    'reviews',
    ports.map((port) => endpoint('127.0.0.1', port)),
  )
  return worldOf([{ name: 'reviews', domains: ['reviews.bench'], routes: tenRoutes, origin }], [cluster])
}

export function worldOf(virtualHosts: readonly VirtualHost[], clusters: readonly Cluster[]): MeshConfig {
  return {
    version: '1',
    virtualHosts,
    clusters: new Map(clusters.map((each) => [each.name, each])),
    unknownHosts: { kind: 'block', origin },
    pathNormalization: 'base',
    problems: [],
  }
}

const labels = { app: 'reviews', version: 'v1' }
const locality = { region: 'eu', zone: 'eu-1', subzone: '' }

export function endpoint(address: string, port: number): Endpoint {
  return { address, port, weight: 1, health: 'healthy', labels, locality, priority: 0 }
}

export function reviewsCluster(name: string, endpoints: readonly Endpoint[]): Cluster {
  return {
    name,
    service: { host: name, port: 9080 },
    discovery: { kind: 'static', endpoints },
    loadBalancer: { kind: 'leastRequest', choices: 2 },
    protocol: 'http1',
    connectTimeoutMs: 10_000,
    connectionPool: { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 100 },
    circuitBreakers: { maxConnections: 1_024, maxPendingRequests: 1_024, maxRequests: 1_024, maxRetries: 1_024 },
    outlierDetection: {
      consecutive5xx: 5,
      consecutiveGatewayFailure: 0,
      splitExternalLocalOriginErrors: false,
      consecutiveLocalOriginFailure: 5,
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionTimeMs: 300_000,
      maxEjectionPercent: 0.5,
    },
    panicThreshold: 0,
    origin,
    origins: {},
  }
}

export function forwardTo(cluster: string): ForwardAction {
  return {
    kind: 'forward',
    clusters: [{ cluster, weight: 1 }],
    timeoutMs: 10_000,
    retry: {
      numRetries: 2,
      retryOn: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
      retriableStatusCodes: [503],
      backoffBaseMs: 25,
      backoffMaxMs: 250,
      avoidPreviousHosts: true,
      retryOtherPriorities: false,
    },
    mirrors: [],
    hashPolicies: [],
  }
}

export function prefixRoute(prefix: string, action: ForwardAction): Route {
  const path = { kind: 'prefix', value: prefix, ignoreCase: false } as const
  return { name: prefix, match: { path, headers: [], queryParameters: [] }, action, origin, origins: {} }
}

const forward = forwardTo('reviews')

function route(name: string, match: Partial<RouteMatch>): Route {
  const path = { kind: 'prefix', value: '/', ignoreCase: false } as const
  const whole: RouteMatch = { path, headers: [], queryParameters: [], ...match }
  return { name, match: whole, action: forward, origin, origins: {} }
}

function header(name: string, kind: 'exact' | 'prefix' | 'regex', value: string): RouteMatch['headers'] {
  return [{ name, match: { kind, value }, invert: false }]
}

/** The request of `requestHeaders` matches the last one only. */
export const tenRoutes: readonly Route[] = [
  route('tester', { headers: header('end-user', 'exact', 'jason') }),
  route('canary', { headers: header('x-canary', 'exact', 'true') }),
  route('mobile', { headers: header('user-agent', 'regex', '.*Mobile.*') }),
  route('session', { headers: header('cookie', 'regex', '^(.*?;)?(group=beta)(;.*)?$') }),
  route('health', { path: { kind: 'exact', value: '/healthz', ignoreCase: false } }),
  route('admin', { path: { kind: 'prefix', value: '/reviews/admin', ignoreCase: false } }),
  route('orders', { path: { kind: 'regex', value: '/api/v[0-9]+/users/[^/]+/orders/[0-9]+' } }),
  route('tenant', { headers: header('x-tenant', 'prefix', 'internal-') }),
  route('preview', {
    path: { kind: 'prefix', value: '/reviews', ignoreCase: false },
    queryParameters: [{ name: 'preview', match: { kind: 'exact', value: '1' } }],
  }),
  route('default', { path: { kind: 'prefix', value: '/reviews', ignoreCase: false } }),
]

// A MeshConfig in a few words, for core's own tests. The tests of other rooms build on it.
import type { CircuitBreakers, Cluster, Endpoint } from './cluster.ts'
import type { MeshConfig } from './config.ts'
import type { RouteMatch } from './match.ts'
import type { OutlierDetection } from './outlier.ts'
import type { RetryPolicy } from './policy.ts'
import type { ForwardAction, Route, RouteAction, VirtualHost } from './route.ts'

const origin = { resource: 'test', path: '' }

/** `address` or `address:port`; port 80. */
export function endpoint(authority: string, more: Partial<Endpoint> = {}): Endpoint {
  const [address = '', port = '80'] = authority.split(':')
  const locality = { region: '', zone: '', subzone: '' }
  return { address, port: Number(port), weight: 1, health: 'healthy', labels: {}, locality, priority: 0, ...more }
}

export const noLimits: CircuitBreakers = {
  maxConnections: Infinity,
  maxPendingRequests: Infinity,
  maxRequests: Infinity,
  maxRetries: Infinity,
}

/** Istio's defaults, but for a cap that lets every endpoint go. */
export const outlierDetection: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 1,
}

/** Round robin over static endpoints unless told otherwise. */
export function cluster(name: string, endpoints: readonly (string | Endpoint)[], more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    service: { host: name, port: 80 },
    discovery: {
      kind: 'static',
      endpoints: endpoints.map((each) => (typeof each === 'string' ? endpoint(each) : each)),
    },
    loadBalancer: { kind: 'roundRobin' },
    protocol: 'http1',
    connectTimeoutMs: 10_000,
    connectionPool: { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 100 },
    circuitBreakers: noLimits,
    panicThreshold: 0,
    origin,
    origins: {},
    ...more,
  }
}

/** Retries without conditions, to be filled in. */
export const retryPolicy: RetryPolicy = {
  numRetries: 2,
  retryOn: [],
  retriableStatusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
}

/** To one cluster, or to several by weight. */
export function forward(
  clusters: string | Readonly<Record<string, number>>,
  more: Partial<ForwardAction> = {},
): ForwardAction {
  const weights = typeof clusters === 'string' ? { [clusters]: 1 } : clusters
  return {
    kind: 'forward',
    clusters: Object.entries(weights).map(([name, weight]) => ({ cluster: name, weight })),
    timeoutMs: 0,
    mirrors: [],
    hashPolicies: [],
    ...more,
  }
}

export function route(action: RouteAction, match: Partial<RouteMatch> = {}, name = 'r'): Route {
  const path = { kind: 'prefix', value: '/', ignoreCase: false } as const
  return { name, match: { path, headers: [], queryParameters: [], ...match }, action, origin, origins: {} }
}

export function host(domains: readonly string[], routes: readonly Route[], port?: number): VirtualHost {
  return { name: domains[0] ?? '', domains, routes, origin, ...(port === undefined ? {} : { port }) }
}

let versions = 0

export function config(
  virtualHosts: readonly VirtualHost[],
  clusters: readonly Cluster[],
  more: Partial<MeshConfig> = {},
): MeshConfig {
  const passthrough = cluster('PassthroughCluster', [], { discovery: { kind: 'originalDestination' } })
  return {
    version: String(++versions),
    virtualHosts,
    clusters: new Map([passthrough, ...clusters].map((each) => [each.name, each])),
    unknownHosts: { kind: 'passthrough', origin },
    pathNormalization: 'base',
    problems: [],
    ...more,
  }
}

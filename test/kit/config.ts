// A MeshConfig in a few words, for tests that need no documents.
import type { Cluster, Endpoint, ForwardAction, MeshConfig, Route, RouteMatch, VirtualHost } from '@proxyless/core/spi'

const origin = { resource: 'test', path: '' }

export function endpoint(authority: string, more: Partial<Endpoint> = {}): Endpoint {
  const colon = authority.lastIndexOf(':')
  return {
    address: authority.slice(0, colon),
    port: Number(authority.slice(colon + 1)),
    weight: 1,
    health: 'healthy',
    labels: {},
    locality: { region: '', zone: '', subzone: '' },
    priority: 0,
    ...more,
  }
}

export function cluster(name: string, endpoints: readonly Endpoint[], more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    service: { host: name, port: 80 },
    discovery: { kind: 'static', endpoints },
    loadBalancer: { kind: 'roundRobin' },
    protocol: 'http1',
    connectTimeoutMs: 10_000,
    connectionPool: { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 100 },
    circuitBreakers: {
      maxConnections: Infinity,
      maxPendingRequests: Infinity,
      maxRequests: Infinity,
      maxRetries: Infinity,
    },
    panicThreshold: 0,
    origin,
    origins: {},
    ...more,
  }
}

export function forward(clusterName: string, more: Partial<ForwardAction> = {}): ForwardAction {
  return {
    kind: 'forward',
    clusters: [{ cluster: clusterName, weight: 1 }],
    timeoutMs: 0,
    mirrors: [],
    hashPolicies: [],
    ...more,
  }
}

export function route(action: Route['action'], match: Partial<RouteMatch> = {}, name = 'r'): Route {
  const path = { kind: 'prefix', value: '/', ignoreCase: false } as const
  return { name, match: { path, headers: [], queryParameters: [], ...match }, action, origin, origins: {} }
}

export function host(domains: readonly string[], routes: readonly Route[], port?: number): VirtualHost {
  return { name: domains[0] ?? '', domains, routes, origin, ...(port === undefined ? {} : { port }) }
}

let versions = 0

export function config(
  hosts: readonly VirtualHost[],
  clusters: readonly Cluster[],
  more: Partial<MeshConfig> = {},
): MeshConfig {
  const passthrough = cluster('PassthroughCluster', [], { discovery: { kind: 'originalDestination' } })
  return {
    version: String(++versions),
    virtualHosts: hosts,
    clusters: new Map([passthrough, ...clusters].map((each) => [each.name, each])),
    unknownHosts: { kind: 'passthrough', origin },
    pathNormalization: 'base',
    problems: [],
    ...more,
  }
}

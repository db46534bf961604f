// What encoding remembers, and what it says where the fields have no words. That all comes back is test/xds' law.
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Cluster, Endpoint, ForwardAction, MeshConfig, VirtualHost } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import { Cluster as WireCluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import { RouteConfiguration } from '../generated/envoy/config/route/v3/route.ts'
import { Duration } from '../generated/google/protobuf/duration.ts'
import { Any } from '../generated/google/protobuf/any.ts'
import { createEncoder, type EncodedResource } from './encoder.ts'

const origin = { resource: 'VirtualService default/reviews', path: 'spec.http[0]', source: 'reviews.yaml' }

function endpoint(address: string, zone = 'z1'): Endpoint {
  const locality = { region: 'r1', zone, subzone: '' }
  return { address, port: 80, weight: 1, health: 'healthy', labels: { app: 'reviews' }, locality, priority: 0 }
}

function cluster(name: string, endpoints: readonly Endpoint[], more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    service: { host: name, port: 80 },
    discovery: { kind: 'static', endpoints },
    loadBalancer: { kind: 'roundRobin' },
    protocol: 'http1',
    connectTimeoutMs: 10_000,
    connectionPool: { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 1024 },
    circuitBreakers: { maxConnections: Infinity, maxPendingRequests: Infinity, maxRequests: 7, maxRetries: Infinity },
    panicThreshold: 0,
    origin,
    origins: {},
    ...more,
  }
}

function host(
  name: string,
  domains: readonly string[],
  port: number | undefined,
  more: Partial<ForwardAction> = {},
): VirtualHost {
  const action: ForwardAction = {
    kind: 'forward',
    clusters: [{ cluster: 'a', weight: 1 }],
    timeoutMs: 0,
    mirrors: [],
    hashPolicies: [],
    ...more,
  }
  const path = { kind: 'prefix', value: '/', ignoreCase: false } as const
  const route = { name: 'r', match: { path, headers: [], queryParameters: [] }, action, origin, origins: {} }
  return { name, domains, ...(port === undefined ? {} : { port }), routes: [route], origin }
}

function config(virtualHosts: readonly VirtualHost[], clusters: readonly Cluster[]): MeshConfig {
  return {
    version: '1',
    virtualHosts,
    clusters: new Map(clusters.map((each) => [each.name, each])),
    unknownHosts: { kind: 'block', origin },
    pathNormalization: 'base',
    problems: [],
  }
}

interface Codec<T> {
  decode(bytes: Uint8Array): T
}

function read<T>(codec: Codec<T>, resource: EncodedResource | undefined): T {
  if (resource === undefined) throw new Error('no such resource')
  return codec.decode(Any.decode(resource.any).value)
}

describe('what did not change keeps its identity', () => {
  const endpoints = [endpoint('10.0.0.1'), endpoint('10.0.0.2')]
  const a = cluster('a', endpoints)
  const b = cluster('b', [endpoint('10.0.0.3')])
  const reviews = host('reviews:9080', ['reviews'], 9080)
  const ratings = host('ratings:9080', ['ratings'], 9080)
  const other = host('other:80', ['other'], 80)

  test.each(['api', 'sidecar'] as const)('one endpoint changes one assignment (%s)', (dialect) => {
    const encoder = createEncoder({ dialect })
    const before = encoder.encode(config([reviews, ratings, other], [a, b]))
    const changed = cluster('a', [...endpoints, endpoint('10.0.0.9')])
    const after = encoder.encode(config([reviews, ratings, other], [changed, b]))
    expect([...after.cluster.values()]).toEqual([...before.cluster.values()])
    for (const kind of ['cluster', 'listener', 'route'] as const) {
      for (const [name, resource] of after[kind]) expect(resource).toBe(before[kind].get(name))
    }
    expect(after.endpoints.get('b')).toBe(before.endpoints.get('b'))
    expect(after.endpoints.get('a')?.version).not.toBe(before.endpoints.get('a')?.version)
  })

  test.each(['api', 'sidecar'] as const)(
    'a model that says the same in another object is the same resource (%s)',
    (dialect) => {
      const encoder = createEncoder({ dialect })
      const before = encoder.encode(config([reviews], [a]))
      const after = encoder.encode(
        config([{ ...reviews }], [{ ...a, discovery: { kind: 'static', endpoints: [...endpoints] } }]),
      )
      for (const kind of ['cluster', 'endpoints', 'listener', 'route'] as const) {
        for (const [name, resource] of after[kind]) expect(resource).toBe(before[kind].get(name))
      }
    },
  )

  test('a route changes the routes of its port alone', () => {
    const encoder = createEncoder({ dialect: 'sidecar' })
    const before = encoder.encode(config([reviews, ratings, other], [a]))
    const after = encoder.encode(
      config([host('reviews:9080', ['reviews'], 9080, { timeoutMs: 10 }), ratings, other], [a]),
    )
    expect(after.route.get('9080')).not.toBe(before.route.get('9080'))
    expect(after.route.get('80')).toBe(before.route.get('80'))
    expect(after.listener.get('127.0.0.1_9080')).toBe(before.listener.get('127.0.0.1_9080'))
  })
})

describe('the sidecar dialect', () => {
  test('has a listener per port, whose routes are called by the port, and one for all other ports', () => {
    const encoded = createEncoder({ dialect: 'sidecar', listenAddress: '0.0.0.0' }).encode(
      config([host('reviews:9080', ['reviews'], 9080), host('any', ['any'], undefined)], []),
    )
    expect([...encoded.listener.keys()]).toEqual(['0.0.0.0_80', '0.0.0.0_9080', 'virtualOutbound'])
    const domains = (name: string): string[][] =>
      read(RouteConfiguration, encoded.route.get(name)).virtualHosts.map((each) => each.domains)
    expect(domains('9080')).toEqual([['reviews'], ['any'], ['*']])
    expect(domains('80')).toEqual([['any'], ['*']])
    expect(domains('virtualOutbound')).toEqual([['any'], ['*']])
    expect(read(Listener, encoded.listener.get('virtualOutbound'))).toMatchObject({
      bindToPort: false,
      useOriginalDst: true,
    })
  })

  test('gives a domain that two hosts claim to the first, as Envoy demands', () => {
    const encoded = createEncoder({ dialect: 'sidecar' }).encode(
      config([host('first', ['a', 'b'], 80), host('second', ['b', 'c'], 80), host('third', ['a'], 80)], []),
    )
    const { virtualHosts } = read(RouteConfiguration, encoded.route.get('80'))
    expect(virtualHosts.map(({ name, domains }) => [name, domains])).toEqual([
      ['first', ['a', 'b']],
      ['second', ['c']],
      ['block_all', ['*']],
    ])
  })

  test('names the document that set a value', () => {
    const encoded = createEncoder({ dialect: 'sidecar' }).encode(config([], [cluster('a', [])]))
    expect(read(WireCluster, encoded.cluster.get('a')).metadata?.filterMetadata['proxyless.dev']).toEqual({
      origin: ['VirtualService default/reviews', 'spec.http[0]', 'reviews.yaml'],
      service: { host: 'a', port: 80 },
    })
  })
})

describe('the api dialect', () => {
  const hosts = [
    host('reviews:9080', ['reviews', 'reviews.default'], 9080),
    host('*.example.com:80', ['*.example.com'], 80),
    host('any', ['any'], undefined),
  ]

  test('answers every name that callers may use, though it lists one of each host', () => {
    const { listener } = createEncoder({ dialect: 'api' }).encode(config(hosts, []))
    expect([...listener.keys()]).toEqual(['reviews:9080', 'any'])
    for (const name of ['reviews.default:9080', 'Reviews:9080', 'x.example.com:80', 'x.example.com', 'any:8123']) {
      expect(read(Listener, listener.get(name)).name).toBe(name)
    }
    for (const name of ['reviews:9081', 'example.com:80', 'nobody:80']) expect(listener.get(name)).toBeUndefined()
  })

  test('A37: one name of DNS is LOGICAL_DNS, several come by EDS, as istiod has it', () => {
    const dns = (count: number): Cluster =>
      cluster(`dns${count}`, [], {
        discovery: { kind: 'strictDns', endpoints: Array.from({ length: count }, (_, n) => endpoint(`${n}.example`)) },
      })
    const encoded = createEncoder({ dialect: 'api' }).encode(config([], [dns(1), dns(2)]))
    const type = (name: string): unknown => read(WireCluster, encoded.cluster.get(name)).clusterDiscoveryType?.value
    expect([type('dns1'), type('dns2')]).toEqual([2, 3])
    expect([...encoded.endpoints.keys()]).toEqual(['dns2'])
  })

  test('2.10: every locality has a weight, and priorities have no gaps', () => {
    const mixed = cluster('a', [endpoint('10.0.0.1', 'z1'), { ...endpoint('10.0.0.2', 'z2'), priority: 2 }])
    const encoded = createEncoder({ dialect: 'api' }).encode(config([], [mixed]))
    const { endpoints } = read(ClusterLoadAssignment, encoded.endpoints.get('a'))
    expect(endpoints.map(({ priority }) => priority).toSorted((a, b) => a - b)).toEqual([0, 1, 2])
    expect(endpoints.every(({ loadBalancingWeight = 0 }) => loadBalancingWeight > 0)).toBe(true)
  })

  test('2.10: a path that gRPC does not know is a pattern', () => {
    const [plain] = host('a', ['a'], 80).routes
    const path = { kind: 'separatedPrefix', value: '/a.b', ignoreCase: true } as const
    const separated = { ...host('a', ['a'], 80), routes: [{ ...plain!, match: { ...plain!.match, path } }] }
    const encoded = createEncoder({ dialect: 'api' }).encode(config([separated], []))
    expect(
      read(RouteConfiguration, encoded.route.get('a')).virtualHosts[0]?.routes[0]?.match?.pathSpecifier,
    ).toMatchObject({
      $case: 'safeRegex',
      value: { regex: '(?i)/a\\.b(?:/.*)?' },
    })
  })
})

describe('positions', () => {
  const a = cluster('a', [])
  const reviews = host('reviews:80', ['reviews'], 80)
  const at = (line: number): MeshConfig => ({
    ...config([reviews], [a]),
    locate: () => ({ source: 'reviews.yaml', line, column: 3 }),
  })

  test('stand beside origins where they are asked for', () => {
    const own = (positions: boolean): unknown => {
      const encoded = createEncoder({ dialect: 'sidecar', positions }).encode(at(7))
      return read(WireCluster, encoded.cluster.get('a')).metadata?.filterMetadata['proxyless.dev']?.['origin']
    }
    expect(own(true)).toEqual(['VirtualService default/reviews', 'spec.http[0]', 'reviews.yaml', 7, 3])
    expect(own(false)).toEqual(['VirtualService default/reviews', 'spec.http[0]', 'reviews.yaml'])
  })

  test('change a resource when they move, and only then', () => {
    const encoder = createEncoder({ dialect: 'sidecar', positions: true })
    const first = encoder.encode(at(7))
    const same = encoder.encode(at(7))
    const moved = encoder.encode(at(8))
    for (const kind of ['cluster', 'route'] as const) {
      for (const [name, resource] of first[kind]) {
        expect(same[kind].get(name)).toBe(resource)
        const isPlaced = kind === 'cluster' || name === '80'
        expect(moved[kind].get(name)?.version === resource.version).toBe(!isPlaced)
      }
    }
  })
})

test('fields that the codecs do not know are written by their numbers', () => {
  const budget = { percent: 0.3, minRetryConcurrency: 8, intervalMs: 1500 }
  const base = cluster('a', [])
  const budgeted: Cluster = { ...base, circuitBreakers: { ...base.circuitBreakers, retryBudget: budget } }
  const encoded = createEncoder({ dialect: 'sidecar' }).encode(config([], [budgeted]))
  const path = [10, 1, 8, 3]
  const interval = path.reduce((bytes, field) => fieldIn(bytes, field), Any.decode(encoded.cluster.get('a')!.any).value)
  expect(Duration.decode(interval)).toEqual({ seconds: 1, nanos: 500_000_000 })
  expect(read(WireCluster, encoded.cluster.get('a')).circuitBreakers?.thresholds[0]).toMatchObject({
    maxRequests: 7,
    retryBudget: { budgetPercent: { value: 30 }, minRetryConcurrency: 8 },
  })
})

/** The bytes of a field with a length. */
function fieldIn(bytes: Uint8Array, field: number): Uint8Array {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const found = reader.uint32()
    if (found === field * 8 + 2) return reader.bytes()
    reader.skip(found & 7)
  }
  throw new Error(`no field ${field}`)
}

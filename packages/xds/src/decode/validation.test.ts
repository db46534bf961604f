// The table "NACK or ignore" of what gRPC's clients refuse (XDS 2.10): one fixture per cell, and Istio's dialect beside it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClientSideWeightedRoundRobin } from '../generated/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { ClusterConfig } from '../generated/envoy/extensions/clusters/aggregate/v3/cluster.ts'
import { HTTPFault } from '../generated/envoy/extensions/filters/http/fault/v3/fault.ts'
import { UpstreamTlsContext } from '../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts'
import { whole } from '../piecewise.ts'
import type { Decode, Decoded } from '../stream/apply.ts'
import { type Kind, KINDS, TYPE_URLS } from '../stream/kinds.ts'
import { createDecoder } from './decoder.ts'
import type { ClusterResource, EndpointsResource, ListenerResource, RouteResource } from './resources.ts'
import {
  ads,
  any,
  apiListener,
  assignment,
  cluster,
  emptyAny,
  endpoint,
  group,
  listenerOf,
  optionsFor,
  route,
  routeConfig,
  routerFilter,
  socket,
  socketListener,
  toCluster,
} from './messages.suite.ts'

type Decoder = (...said: Parameters<Decode>) => Decoded

const strict: Decoder = (...said) => whole(createDecoder(optionsFor('api'))(...said))
const sidecar: Decoder = (...said) => whole(createDecoder(optionsFor('sidecar'))(...said))

function refusal(kind: Kind, body: Any, decode = strict): string {
  const decoded = decode(kind, body)
  return decoded.ok ? 'accepted' : decoded.error
}

function accepted<T>(kind: Kind, body: Any, decode = strict): T {
  const decoded = decode(kind, body)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value as T
}

/** What it is, the resource, and why gRPC refuses it. */
type Refused = [what: string, body: Any, why: string]

/** What gRPC's rules refuse and a sidecar takes, as Envoy does or because nothing is lost by it; all else both refuse. */
const sidecarTakes: Readonly<Record<Kind, readonly string[]>> = {
  listener: [
    'xff_num_trusted_hops',
    'original_ip_detection_extensions',
    'no filters',
    'a router that is not last',
    'a last filter that is not the router',
  ],
  route: ['a header matcher of no known kind', 'num_retries below 1', 'an override of an unknown filter'],
  cluster: [
    'STATIC',
    'STRICT_DNS',
    'ORIGINAL_DST',
    'LOGICAL_DNS without endpoints',
    'LOGICAL_DNS with two localities',
    'LOGICAL_DNS with two endpoints',
    'LOGICAL_DNS without a host',
    'LOGICAL_DNS with a resolver',
    'transport_socket_matches',
    'TLS parameters',
    'certificates by SDS',
  ],
  endpoints: [
    'a missing locality',
    'one locality twice in a priority',
    'a gap between priorities',
    'a priority without weight before one with weight',
    'an address that comes twice',
    'A61 an additional address that comes twice',
    'A61 one that is an endpoint',
  ],
}

const big = 2 ** 32 - 1
const prefixed = (action: object, more: object = {}): Any =>
  routeConfig('routes', [{ name: 'h', domains: ['*'], routes: [route(action)] }], more)
const matched = (match: object): Any =>
  routeConfig('routes', [{ name: 'h', domains: ['*'], routes: [route(toCluster('a'), match)] }])
const weighted = (...weights: number[]): object => ({
  clusterSpecifier: {
    $case: 'weightedClusters',
    value: { clusters: weights.map((weight, n) => ({ name: `c${n}`, weight })) },
  },
})
const retry = (policy: object): Any =>
  prefixed({ ...toCluster('a'), retryPolicy: { retryOn: 'unavailable', ...policy } })
const prefix = { pathSpecifier: { $case: 'prefix', value: '/' } }
const header = (specifier: object): Any =>
  matched({ ...prefix, headers: [{ name: 'x', headerMatchSpecifier: specifier }] })
const named = (name: string, type: string, more: object = {}): object => ({
  name,
  configType: { $case: 'typedConfig', value: emptyAny(type) },
  ...more,
})
const faultName = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
const tls = (context: object): Any =>
  cluster('a', {
    transportSocket: {
      name: 'tls',
      configType: {
        $case: 'typedConfig',
        value: any(
          'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
          UpstreamTlsContext as never,
          context,
        ),
      },
    },
  })
const roots = { $case: 'validationContext', value: { caCertificateProviderInstance: { instanceName: 'default' } } }
const common = (more: object): Any => tls({ commonTlsContext: { validationContextType: roots, ...more } })
const validation = (more: object): Any =>
  common({ validationContextType: { $case: 'validationContext', value: { ...roots.value, ...more } } })
const dns = (groups: object[], more: object = {}): Any =>
  cluster('a', {
    clusterDiscoveryType: { $case: 'type', value: 2 },
    loadAssignment: { clusterName: 'a', endpoints: groups },
    ...more,
  })
const aggregate = (names: string[]): Any =>
  cluster('a', {
    clusterDiscoveryType: {
      $case: 'clusterType',
      value: {
        name: 'aggregate',
        typedConfig: any('envoy.extensions.clusters.aggregate.v3.ClusterConfig', ClusterConfig as never, {
          clusters: names,
        }),
      },
    },
  })

describe('any resource', () => {
  test('of a wrong type, unreadable or without a name is refused', () => {
    expect(refusal('cluster', { ...cluster('a'), typeUrl: TYPE_URLS.route })).toContain('instead of')
    expect(refusal('cluster', { ...cluster('a'), value: new Uint8Array([0xff, 1, 2]) })).toContain('cannot be read')
    expect(refusal('cluster', cluster(''))).toContain('without a name')
  })

  test('with fields that nobody knows is taken', () => {
    // field 9999, a text
    const unknown = [0xfa, 0xf0, 0x04, 0x01, 0x78]
    for (const [kind, body] of [
      ['listener', apiListener('l')],
      ['route', routeConfig('r', [])],
      ['cluster', cluster('a')],
      ['endpoints', assignment('a', [])],
    ] as const) {
      const value = Uint8Array.from([...body.value, ...unknown])
      for (const decode of [strict, sidecar]) expect(refusal(kind, { ...body, value }, decode)).toBe('accepted')
    }
  })

  test('no bytes make a decoder throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.uint8Array({ maxLength: 200 }), (kind, value) => {
        for (const decode of [strict, sidecar]) decode(kind, { typeUrl: TYPE_URLS[kind], value })
      }),
      { numRuns: 2000 },
    )
  })

  test('no damaged resource makes a decoder throw', () => {
    const whole: [Kind, Any][] = [
      ['listener', apiListener('l')],
      ['route', retry({ numRetries: 2 })],
      ['cluster', common({})],
      ['endpoints', assignment('a', [group([1, 2])])],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.nat(), fc.nat(255), ([kind, body], at, byte) => {
        const value = Uint8Array.from(body.value)
        value[at % value.length] = byte
        for (const decode of [strict, sidecar]) decode(kind, { ...body, value })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a Listener (A27, A39)', () => {
  const filters = (...httpFilters: object[]): Any => apiListener('l', { httpFilters })
  const refused: Refused[] = [
    [
      'an api_listener that is no HttpConnectionManager',
      listenerOf({ name: 'l', apiListener: { apiListener: emptyAny('x.Y') } }),
      'instead of an HttpConnectionManager',
    ],
    ['xff_num_trusted_hops', apiListener('l', { xffNumTrustedHops: 1 }), 'xff_num_trusted_hops'],
    [
      'original_ip_detection_extensions',
      apiListener('l', { originalIpDetectionExtensions: [{ name: 'x' }] }),
      'original_ip_detection',
    ],
    [
      'an RDS source that is neither ads nor self',
      apiListener('l', { routeSpecifier: { $case: 'rds', value: { configSource: {}, routeConfigName: 'r' } } }),
      'neither ads nor self',
    ],
    [
      'an empty route_config_name',
      apiListener('l', { routeSpecifier: { $case: 'rds', value: { configSource: ads } } }),
      'route_config_name',
    ],
    ['no route specifier', apiListener('l', { routeSpecifier: undefined }), 'neither rds nor route_config'],
    [
      'scoped routes',
      apiListener('l', { routeSpecifier: { $case: 'scopedRoutes', value: {} } }),
      'neither rds nor route_config',
    ],
    ['no filters', filters(), 'is empty'],
    ['two filters of one name', filters(named('a', faultName), named('a', faultName), routerFilter), 'appears twice'],
    ['a router that is not last', filters(routerFilter, named('f', faultName)), 'not last'],
    ['a last filter that is not the router', filters(named('f', faultName)), 'not the router'],
    ['an unknown filter', filters(named('x', 'x.Unknown'), routerFilter), 'is unknown'],
    [
      'a bad filter configuration',
      filters(
        {
          name: 'f',
          configType: { $case: 'typedConfig', value: { ...emptyAny(faultName), value: new Uint8Array([255]) } },
        },
        routerFilter,
      ),
      'cannot be read',
    ],
    [
      'a bad inline route configuration',
      apiListener('l', {
        routeSpecifier: {
          $case: 'routeConfig',
          value: {
            name: 'r',
            virtualHosts: [
              { name: 'h', domains: ['*'], routes: [{ action: { $case: 'route', value: toCluster('a') } }] },
            ],
          },
        },
      }),
      'without a match',
    ],
  ]
  test.each(refused)('is refused for %s', (_, body, why) => expect(refusal('listener', body)).toContain(why))

  test('of these a sidecar takes', () => {
    const taken = refused.filter(([, body]) => refusal('listener', body, sidecar) === 'accepted').map(([what]) => what)
    expect(taken).toEqual(sidecarTakes.listener)
  })

  test('is taken with an unknown filter that is optional, which is told', () => {
    const { notes, http } = accepted<ListenerResource>(
      'listener',
      filters(named('x', 'x.Unknown', { isOptional: true }), routerFilter),
    )
    expect(notes).toEqual([expect.stringContaining('the filter "x" is not applied')])
    expect(http?.routes).toEqual({ named: 'routes' })
  })

  test('of a sidecar is taken with filters for servers and for observing, which are told, and gives its port', () => {
    const httpFilters = [
      named('istio.stats', 'stats.PluginConfig'),
      named('cors', 'envoy.extensions.filters.http.cors.v3.Cors'),
      named('wasm', 'udpa.type.v1.TypedStruct'),
      named('else', 'x.Unknown', { isOptional: true }),
      routerFilter,
    ]
    const { http, notes } = accepted<ListenerResource>('listener', socketListener('l', 80, { httpFilters }), sidecar)
    expect(http).toMatchObject({ port: 80 })
    expect(notes).toHaveLength(4)
  })

  test('of a sidecar is refused for a filter that nobody knows, unless it is optional', () => {
    const body = socketListener('l', 80, { httpFilters: [named('x', 'x.Unknown'), routerFilter] })
    expect(refusal('listener', body, sidecar)).toContain('the filter "x" is unknown')
  })

  test('of a server, or without HTTP, is nothing to a client', () => {
    const inbound = listenerOf({ name: 'in', address: socket('0.0.0.0', 15006), trafficDirection: 1 })
    const tcp = listenerOf({ name: 'tcp', address: socket('0.0.0.0', 3306), trafficDirection: 2, filterChains: [{}] })
    expect(accepted<ListenerResource>('listener', inbound, sidecar).http).toBeUndefined()
    expect(accepted<ListenerResource>('listener', tcp, sidecar).http).toBeUndefined()
  })
})

describe('a RouteConfiguration (A28, A44, A39)', () => {
  const refused: Refused[] = [
    [
      'a route without a match',
      routeConfig('r', [
        { name: 'h', domains: ['*'], routes: [{ action: { $case: 'route', value: toCluster('a') } }] },
      ]),
      'without a match',
    ],
    ['a match without a path', matched({}), 'without a path'],
    ['a bad path regex', matched({ pathSpecifier: { $case: 'safeRegex', value: { regex: '(' } } }), 'no RE2 pattern'],
    ['a bad header regex', header({ $case: 'safeRegexMatch', value: { regex: '(' } }), 'no RE2 pattern'],
    [
      'a bad regex of a hash policy',
      prefixed({
        ...toCluster('a'),
        hashPolicy: [
          {
            policySpecifier: { $case: 'header', value: { headerName: 'x', regexRewrite: { pattern: { regex: '(' } } } },
          },
        ],
      }),
      'no RE2 pattern',
    ],
    ['an empty prefix of a header', header({ $case: 'prefixMatch', value: '' }), 'an empty prefix'],
    [
      'an empty string matcher',
      header({ $case: 'stringMatch', value: { matchPattern: { $case: 'contains', value: '' } } }),
      'an empty contains',
    ],
    ['a header matcher of no known kind', matched({ ...prefix, headers: [{ name: 'x' }] }), 'no known kind'],
    ['weights above 2^32 - 1', prefixed(weighted(big, 1)), '4294967295'],
    ['weights that are all 0', prefixed(weighted(0, 0)), 'add up to 0'],
    ['num_retries below 1', retry({ numRetries: 0 }), 'less than 1'],
    ['a retry base interval of 0', retry({ retryBackOff: { baseInterval: { seconds: 0, nanos: 0 } } }), 'above 0'],
    [
      'a retry max interval of 0',
      retry({ retryBackOff: { baseInterval: { seconds: 1, nanos: 0 }, maxInterval: { seconds: 0, nanos: 0 } } }),
      'above 0',
    ],
    [
      'a required plugin that is unknown',
      routeConfig('r', [], { clusterSpecifierPlugins: [{ extension: { name: 'p' } }] }),
      '"p" is not known',
    ],
    [
      'a plugin that is used and not defined',
      prefixed({ clusterSpecifier: { $case: 'clusterSpecifierPlugin', value: 'p' } }),
      'used and not defined',
    ],
    [
      'a bad filter override',
      routeConfig('r', [
        {
          name: 'h',
          domains: ['*'],
          routes: [],
          typedPerFilterConfig: { f: { ...emptyAny(faultName), value: new Uint8Array([255]) } },
        },
      ]),
      'cannot be read',
    ],
    [
      'an override of an unknown filter',
      routeConfig('r', [{ name: 'h', domains: ['*'], routes: [], typedPerFilterConfig: { f: emptyAny('x.Y') } }]),
      'unknown filter',
    ],
  ]
  test.each(refused)('is refused for %s', (_, body, why) => expect(refusal('route', body)).toContain(why))

  test('of these a sidecar takes', () => {
    const taken = refused.filter(([, body]) => refusal('route', body, sidecar) === 'accepted').map(([what]) => what)
    expect(taken).toEqual(sidecarTakes.route)
  })

  const routesOf = (body: Any): RouteResource['hosts'][number]['routes'] =>
    accepted<RouteResource>('route', body).hosts[0]!.routes

  test('leaves out clusters of weight 0', () => {
    expect(routesOf(prefixed(weighted(0, 5)))[0]?.route.action).toMatchObject({
      clusters: [{ cluster: 'c1', weight: 5 }],
    })
  })

  test('leaves out a route whose cluster specifier is unknown, or an optional unknown plugin', () => {
    expect(routesOf(prefixed({}))).toEqual([])
    const plugins = { clusterSpecifierPlugins: [{ extension: { name: 'p' }, isOptional: true }] }
    expect(routesOf(prefixed({ clusterSpecifier: { $case: 'clusterSpecifierPlugin', value: 'p' } }, plugins))).toEqual(
      [],
    )
  })

  test('keeps a route with query parameters, which this engine applies', () => {
    const body = matched({
      ...prefix,
      queryParameters: [{ name: 'q', queryParameterMatchSpecifier: { $case: 'presentMatch', value: true } }],
    })
    expect(routesOf(body)[0]?.route.match.queryParameters).toEqual([{ name: 'q', match: { kind: 'present' } }])
  })

  test('defect 1: a route with non_forwarding_action is kept and answers 503', () => {
    const body = routeConfig('r', [
      { name: 'h', domains: ['*'], routes: [{ match: prefix, action: { $case: 'nonForwardingAction', value: {} } }] },
    ])
    expect(routesOf(body)[0]?.route.action).toMatchObject({ kind: 'directResponse', status: 503 })
  })

  test('an empty path of a redirect is none, as istiod sends it where a document says none', () => {
    const value = { hostRedirect: 'b', pathRewriteSpecifier: { $case: 'pathRedirect', value: '' } }
    const body = routeConfig('r', [
      { name: 'h', domains: ['*'], routes: [{ match: prefix, action: { $case: 'redirect', value } }] },
    ])
    expect(routesOf(body)[0]?.route.action).toEqual({ kind: 'redirect', status: 301, authority: 'b' })
  })

  test('defect 6: a redirect does not refuse the whole configuration', () => {
    const redirect = { match: prefix, action: { $case: 'redirect', value: { hostRedirect: 'b', responseCode: 3 } } }
    const body = routeConfig('r', [{ name: 'h', domains: ['*'], routes: [redirect, route(toCluster('a'))] }])
    expect(routesOf(body).map(({ route: { action } }) => action)).toMatchObject([
      { kind: 'redirect', status: 307, authority: 'b' },
      { kind: 'forward' },
    ])
  })

  test('defect 9: retry back-off of whole seconds is what it says', () => {
    const body = retry({
      numRetries: 3,
      retryBackOff: { baseInterval: { seconds: 1, nanos: 0 }, maxInterval: { seconds: 2, nanos: 0 } },
    })
    expect(routesOf(body)[0]?.route.action).toMatchObject({
      retry: { numRetries: 3, backoffBaseMs: 1000, backoffMaxMs: 2000 },
    })
  })

  test('a retry policy may obey a server that says when to come again, and hedge on per-try timeouts', () => {
    const retryPolicy = {
      retryOn: 'unavailable',
      rateLimitedRetryBackOff: { resetHeaders: [{ name: 'Retry-After', format: 0 }] },
    }
    const [entry] = routesOf(prefixed({ ...toCluster('a'), retryPolicy, hedgePolicy: { hedgeOnPerTryTimeout: true } }))
    expect(entry?.route.action).toMatchObject({
      retry: {
        rateLimitedBackoff: { headers: [{ name: 'retry-after', format: 'seconds' }] },
        hedgeOnPerTryTimeout: true,
      },
    })
  })

  const actionOf = (action: object, decode = strict): object | undefined =>
    accepted<RouteResource>('route', prefixed(action), decode).hosts[0]?.routes[0]?.route.action

  test('A28: a route may be for a share of requests; of all it is like any other', () => {
    const share = (numerator: number): object | undefined => {
      const runtimeFraction = { defaultValue: { numerator, denominator: 0 } }
      return routesOf(matched({ ...prefix, runtimeFraction }))[0]?.route.match.share
    }
    expect([share(30), share(0), share(100)]).toEqual([{ numerator: 300_000 }, { numerator: 0 }, undefined])
  })

  test('num_retries of 0 switches retries off for a sidecar', () => {
    const action = { ...toCluster('a'), retryPolicy: { retryOn: '5xx', numRetries: 0 } }
    expect(actionOf(action, sidecar)).not.toHaveProperty('retry')
  })

  test('A42: the key of a channel is a key of this mesh', () => {
    const by = (key: string): object => ({ policySpecifier: { $case: 'filterState', value: { key } }, terminal: true })
    const hashPolicy = [by('io.grpc.channel_id'), by('other')]
    expect(actionOf({ ...toCluster('a'), hashPolicy })).toMatchObject({
      hashPolicies: [{ kind: 'sourceIp', terminal: true }],
    })
  })

  test('a virtual host’s hedging is its routes’, and picks of retries that differ are told', () => {
    const hedge = { hedgePolicy: { hedgeOnPerTryTimeout: true } }
    const retryPolicy = {
      retryOn: '5xx',
      retryHostPredicate: [{ name: 'envoy.retry_host_predicates.previous_hosts' }, { name: 'omit_canary_hosts' }],
      hostSelectionRetryMaxAttempts: 3,
    }
    const body = routeConfig('r', [
      { name: 'h', domains: ['*'], routes: [route(toCluster('a'))], retryPolicy, ...hedge },
    ])
    const { hosts, notes } = accepted<RouteResource>('route', body)
    expect(hosts[0]?.routes[0]?.route.action).toMatchObject({
      retry: { hedgeOnPerTryTimeout: true, avoidPreviousHosts: true },
    })
    expect(notes).toEqual([
      expect.stringContaining('"omit_canary_hosts" is not applied'),
      expect.stringContaining('host_selection_retry_max_attempts: is not applied: it is 5'),
    ])
  })

  test('a header names the cluster for a sidecar; gRPC leaves the route out', () => {
    const action = { clusterSpecifier: { $case: 'clusterHeader', value: 'X-Cluster' } }
    expect(actionOf(action, sidecar)).toMatchObject({ clusters: [{ cluster: '', clusterHeader: 'x-cluster' }] })
    expect(actionOf(action)).toBeUndefined()
    const value = {
      clusters: [
        { clusterHeader: 'X-C', weight: 1 },
        { name: 'a', weight: 1 },
      ],
    }
    const several = { clusterSpecifier: { $case: 'weightedClusters', value } }
    expect(actionOf(several, sidecar)).toMatchObject({ clusters: [{ clusterHeader: 'x-c' }, { cluster: 'a' }] })
    expect(refusal('route', prefixed(several))).toContain('without a name')
  })

  test.each<[string, object, object | undefined]>([
    ['a header', { $case: 'hostRewriteHeader', value: 'X-H' }, { kind: 'header', name: 'x-h' }],
    [
      'the path',
      { $case: 'hostRewritePathRegex', value: { pattern: { regex: '^/(a)' }, substitution: '\\1' } },
      { kind: 'path', pattern: '^/(a)', substitution: '\\1' },
    ],
    ['the endpoint', { $case: 'autoHostRewrite', value: true }, { kind: 'endpoint' }],
    ['nothing', { $case: 'autoHostRewrite', value: false }, undefined],
  ])('the host may be made of %s', (_, hostRewriteSpecifier, hostRewrite) => {
    const action = actionOf({ ...toCluster('a'), hostRewriteSpecifier }, sidecar)
    expect(action).toMatchObject(hostRewrite === undefined ? {} : { hostRewrite })
    expect('hostRewrite' in (action ?? {})).toBe(hostRewrite !== undefined)
  })

  test('A81: only a server that the bootstrap trusts names the host by the endpoint', () => {
    const action = { ...toCluster('a'), hostRewriteSpecifier: { $case: 'autoHostRewrite', value: true } }
    const trusting: Decoder = (...said) => whole(createDecoder({ ...optionsFor('api'), trusted: true })(...said))
    expect(actionOf(action, trusting)).toMatchObject({ hostRewrite: { kind: 'endpoint' } })
    expect(actionOf(action)).not.toHaveProperty('hostRewrite')
  })

  test('an inverted match of a value needs its header, unless a missing one counts as empty', () => {
    const headers = (more: object): object | undefined =>
      routesOf(
        matched({
          ...prefix,
          headers: [
            { name: 'x', headerMatchSpecifier: { $case: 'exactMatch', value: 'a' }, invertMatch: true, ...more },
          ],
        }),
      )[0]?.route.match.headers
    const inverted = { name: 'x', match: { kind: 'exact', value: 'a' }, invert: true }
    expect(headers({})).toEqual([{ name: 'x', match: { kind: 'present' }, invert: false }, inverted])
    expect(headers({ treatMissingHeaderAsEmpty: true })).toEqual([inverted])
  })

  test('A31 defect 5: max_stream_duration is the timeout, 0 leaves it to the caller', () => {
    const seconds = (n: number): object => ({ maxStreamDuration: { maxStreamDuration: { seconds: n, nanos: 0 } } })
    expect(routesOf(prefixed({ ...toCluster('a'), ...seconds(3) }))[0]?.route.action).toMatchObject({ timeoutMs: 3000 })
    expect(routesOf(prefixed({ ...toCluster('a'), ...seconds(0) }))[0]?.route.action).toMatchObject({ timeoutMs: 0 })
  })

  test('a route policy for retries replaces that of its virtual host', () => {
    const host = { name: 'h', domains: ['*'], retryPolicy: { retryOn: 'cancelled', numRetries: 4 } }
    const own = route({ ...toCluster('a'), retryPolicy: { retryOn: 'unavailable' } })
    const actions = routesOf(routeConfig('r', [{ ...host, routes: [own, route(toCluster('b'))] }])).map(
      ({ route: { action } }) => action,
    )
    expect(actions).toMatchObject([
      { retry: { retryOn: ['unavailable'], numRetries: 1 } },
      { retry: { retryOn: ['cancelled'], numRetries: 4 } },
    ])
  })

  test('headers of all levels are carried out from the route outwards', () => {
    const add = (value: string): object => ({
      requestHeadersToAdd: [{ header: { key: 'X-Level', value }, appendAction: 2 }],
    })
    const body = routeConfig(
      'r',
      [{ name: 'h', domains: ['*'], routes: [route(toCluster('a'), prefix, add('route'))], ...add('host') }],
      add('config'),
    )
    expect(routesOf(body)[0]?.route.action).toMatchObject({
      requestHeaders: { set: ['route', 'host', 'config'].map((value) => ({ name: 'x-level', value })) },
    })
  })

  test('what one level adds, a later one takes away or replaces', () => {
    const add = (appendAction: number, ...pairs: [string, string][]): object => ({
      requestHeadersToAdd: pairs.map(([key, value]) => ({ header: { key, value }, appendAction })),
    })
    const levels = {
      route: add(0, ['removed', 'r'], ['set', 'r'], ['kept', 'r'], ['maybe', 'r']),
      host: { ...add(2, ['set', 'h'], ['maybe', '%REQ(x)%']), requestHeadersToRemove: ['Removed'] },
    }
    const routes = [route(toCluster('a'), prefix, levels.route)]
    const body = routeConfig('r', [{ name: 'h', domains: ['*'], routes, ...levels.host }])
    expect(routesOf(body)[0]?.route.action).toMatchObject({
      requestHeaders: {
        remove: ['removed'],
        set: [
          { name: 'set', value: 'h' },
          { name: 'maybe', value: '%REQ(x)%' },
        ],
        add: [
          { name: 'kept', value: 'r' },
          { name: 'maybe', value: 'r' },
        ],
      },
    })
  })

  test('headers may be for those that are there or not, or empty; a format that is not known leaves its header out', () => {
    const toAdd = [
      { header: { key: 'a', value: '1' }, appendAction: 1 },
      { header: { key: 'b', value: '2' }, appendAction: 3, keepEmptyValue: true },
      { header: { key: 'c', value: '%DOWNSTREAM_REMOTE_ADDRESS%' }, appendAction: 0 },
      { header: { key: 'd', value: '4' }, append: false },
    ]
    const [host] = accepted<RouteResource>(
      'route',
      routeConfig('r', [
        { name: 'h', domains: ['*'], routes: [route(toCluster('a'), prefix, { requestHeadersToAdd: toAdd })] },
      ]),
    ).hosts
    expect(host?.routes[0]?.route.action).toMatchObject({
      requestHeaders: {
        set: [
          { name: 'b', when: 'present', keepEmpty: true },
          { name: 'd', value: '4' },
        ],
        add: [{ name: 'a', when: 'absent' }],
      },
    })
  })

  test.each([
    [-3, 3, ['-3', '-1', '-0', '0', '+2', '002'], ['-4', '3', 'x', '']],
    [10, 251, ['10', '99', '100', '250'], ['9', '251', '1000']],
    [0, 1, ['0', '00'], ['1']],
  ])('A28 a range match takes [%d, %d)', (start, end, inside, outside) => {
    const { match } = routesOf(header({ $case: 'rangeMatch', value: { start, end } }))[0]!.route.match.headers[0]!
    if (match.kind !== 'regex') throw new Error('no pattern')
    const pattern = optionsFor('api').regex.compile(match.value)
    expect(inside.filter((text) => !pattern.matches(text))).toEqual([])
    expect(outside.filter((text) => pattern.matches(text))).toEqual([])
  })

  test('A28 a range match is right for every number near its ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3000, max: 3000 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: -7000, max: 7000 }),
        (start, length, n) => {
          const { match } = routesOf(header({ $case: 'rangeMatch', value: { start, end: start + length } }))[0]!.route
            .match.headers[0]!
          if (match.kind !== 'regex') throw new Error('no pattern')
          expect(optionsFor('api').regex.compile(match.value).matches(String(n))).toBe(n >= start && n < start + length)
        },
      ),
    )
  })
})

describe('a Cluster', () => {
  const value = (n: number): object => ({ clusterDiscoveryType: { $case: 'type', value: n } })
  const outlier = (more: object): Any => cluster('a', { outlierDetection: more })
  const refused: Refused[] = [
    ['STATIC', cluster('a', value(0)), 'neither EDS nor'],
    ['STRICT_DNS', cluster('a', value(1)), 'neither EDS nor'],
    ['ORIGINAL_DST', cluster('a', value(4)), 'neither EDS nor'],
    ['an EDS source that is neither ads nor self', cluster('a', { edsClusterConfig: {} }), 'neither ads nor self'],
    ['an xdstp name without service_name', cluster('xdstp://x/t/a'), 'service_name'],
    ['an aggregate of nothing', aggregate([]), 'no clusters'],
    [
      'an unknown cluster type',
      cluster('a', { clusterDiscoveryType: { $case: 'clusterType', value: { name: 'x' } } }),
      'not known',
    ],
    ['LOGICAL_DNS without endpoints', dns([]), 'exactly one'],
    ['LOGICAL_DNS with two localities', dns([group([1]), group([2])]), 'exactly one'],
    ['LOGICAL_DNS with two endpoints', dns([group([1, 2])]), 'exactly one'],
    [
      'LOGICAL_DNS without a host',
      dns([{ lbEndpoints: [{ hostIdentifier: { $case: 'endpoint', value: { address: socket('', 1) } } }] }]),
      'host and a port',
    ],
    [
      'LOGICAL_DNS without a port',
      dns([
        {
          lbEndpoints: [
            {
              hostIdentifier: {
                $case: 'endpoint',
                value: { address: { address: { $case: 'socketAddress', value: { address: 'h' } } } },
              },
            },
          ],
        },
      ]),
      'host and a port',
    ],
    ['LOGICAL_DNS with a resolver', dns([group([1])], { typedDnsResolverConfig: { name: 'x' } }), 'resolver'],
    ['an unsupported lb_policy', cluster('a', { lbPolicy: 7 }), 'lb_policy'],
    [
      'a list of unknown policies',
      cluster('a', { loadBalancingPolicy: { policies: [{ typedExtensionConfig: { typedConfig: emptyAny('x.Y') } }] } }),
      'no policy that is known',
    ],
    [
      'a ring hash other than XX_HASH',
      cluster('a', { lbPolicy: 2, lbConfig: { $case: 'ringHashLbConfig', value: { hashFunction: 1 } } }),
      'XX_HASH',
    ],
    [
      'a ring above 8 M',
      cluster('a', { lbPolicy: 2, lbConfig: { $case: 'ringHashLbConfig', value: { minimumRingSize: 8_388_609 } } }),
      'more than 8388608',
    ],
    [
      'choice_count below 2',
      cluster('a', { lbPolicy: 1, lbConfig: { $case: 'leastRequestLbConfig', value: { choiceCount: 1 } } }),
      'choice_count',
    ],
    ['an lrs_server that is not self', cluster('a', { lrsServer: ads }), 'lrs_server'],
    ['a negative outlier interval', outlier({ interval: { seconds: -1, nanos: 0 } }), 'negative'],
    ['a negative base ejection time', outlier({ baseEjectionTime: { seconds: -1, nanos: 0 } }), 'negative'],
    ['a negative max ejection time', outlier({ maxEjectionTime: { seconds: -1, nanos: 0 } }), 'negative'],
    ['an outlier percentage above 100', outlier({ maxEjectionPercent: 101 }), 'more than 100'],
    ['an enforcing percentage above 100', outlier({ enforcingSuccessRate: 101 }), 'more than 100'],
    ['transport_socket_matches', cluster('a', { transportSocketMatches: [{ name: 'x' }] }), 'transport_socket_matches'],
    [
      'an unknown transport socket',
      cluster('a', { transportSocket: { name: 'x', configType: { $case: 'typedConfig', value: emptyAny('x.Y') } } }),
      'unknown',
    ],
    ['TLS parameters', common({ tlsParams: {} }), 'tls_params'],
    ['a custom handshaker', common({ customHandshaker: { name: 'x' } }), 'custom_handshaker'],
    ['SPKI pins', validation({ verifyCertificateSpki: ['x'] }), 'spki'],
    ['hash pins', validation({ verifyCertificateHash: ['x'] }), 'verify_certificate_hash'],
    ['a CRL', validation({ crl: {} }), 'crl'],
    ['a custom validator', validation({ customValidatorConfig: { name: 'x' } }), 'custom_validator_config'],
    ['raw certificates', common({ tlsCertificates: [{}] }), 'no provider instance'],
    ['certificates by SDS', common({ tlsCertificateSdsSecretConfigs: [{ name: 'default' }] }), 'no provider instance'],
    ['no root provider', tls({ commonTlsContext: {} }), 'no provider of root certificates'],
    [
      'an unknown provider',
      common({ tlsCertificateProviderInstance: { instanceName: 'other' } }),
      'not in the bootstrap',
    ],
    [
      'a server name above 255 characters',
      tls({ sni: 'x'.repeat(256), commonTlsContext: { validationContextType: roots } }),
      '255',
    ],
  ]
  test.each(refused)('is refused for %s', (_, body, why) => expect(refusal('cluster', body)).toContain(why))

  test('of these a sidecar takes', () => {
    const taken = refused.filter(([, body]) => refusal('cluster', body, sidecar) === 'accepted').map(([what]) => what)
    expect(taken).toEqual(sidecarTakes.cluster)
  })

  test('EDS is asked by service_name, else by the name', () => {
    expect(accepted<ClusterResource>('cluster', cluster('a')).discovery).toMatchObject({
      kind: 'named',
      assignment: 'a',
    })
    const other = cluster('a', { edsClusterConfig: { edsConfig: ads, serviceName: 's' } })
    expect(accepted<ClusterResource>('cluster', other).discovery).toMatchObject({ kind: 'named', assignment: 's' })
  })

  test('defect 7: LEAST_REQUEST is taken', () => {
    expect(accepted<ClusterResource>('cluster', cluster('a', { lbPolicy: 1 })).cluster.loadBalancer).toEqual({
      kind: 'leastRequest',
      choices: 2,
    })
  })

  test('A52: the first known policy of the list is used', () => {
    const list = [
      'x.Y',
      'envoy.extensions.load_balancing_policies.random.v3.Random',
      'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
    ]
    const body = cluster('a', {
      loadBalancingPolicy: {
        policies: list.map((name) => ({ typedExtensionConfig: { typedConfig: emptyAny(name) } })),
      },
    })
    expect(accepted<ClusterResource>('cluster', body).cluster.loadBalancer).toEqual({ kind: 'random' })
  })

  test('A58: reports are asked for out-of-band where it is switched on, every 10 s unless it says otherwise', () => {
    const name =
      'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin'
    const balancer = (said: object): unknown => {
      const typedConfig = any(name, ClientSideWeightedRoundRobin, said)
      const body = cluster('a', { loadBalancingPolicy: { policies: [{ typedExtensionConfig: { typedConfig } }] } })
      return accepted<ClusterResource>('cluster', body).cluster.loadBalancer
    }
    const oobReportingPeriod = { seconds: 30 }
    expect(balancer({ enableOobLoadReport: true })).toMatchObject({ outOfBandMs: 10_000 })
    expect(balancer({ enableOobLoadReport: true, oobReportingPeriod })).toMatchObject({ outOfBandMs: 30_000 })
    expect(balancer({ oobReportingPeriod })).not.toHaveProperty('outOfBandMs')
  })

  test('defect 12: outlier detection that says nothing has whole defaults', () => {
    expect(
      accepted<ClusterResource>('cluster', cluster('a', { outlierDetection: {} })).cluster.outlierDetection,
    ).toMatchObject({
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionTimeMs: 300_000,
      maxEjectionPercent: 0.1,
    })
  })

  test('A50: success rates eject unless they are switched off, shares of failures only where they are switched on', () => {
    const detection = (said: object): object =>
      accepted<ClusterResource>('cluster', cluster('a', { outlierDetection: said })).cluster.outlierDetection ?? {}
    expect(detection({})).toMatchObject({ successRate: { enforcing: 1, stdevFactor: 1.9 }, consecutive5xx: 0 })
    expect(detection({})).not.toHaveProperty('failurePercentage')
    const off = { enforcingSuccessRate: 0, enforcingLocalOriginSuccessRate: 0, enforcingFailurePercentage: 50 }
    expect(detection(off)).not.toHaveProperty('successRate')
    expect(detection(off)).toMatchObject({ failurePercentage: { enforcing: 0.5, threshold: 0.85 } })
  })

  test('failures of local origin are judged in split mode only: what istiod sends judges no success rate', () => {
    const detection = (said: object): object | undefined =>
      accepted<ClusterResource>('cluster', cluster('a', { outlierDetection: said })).cluster.outlierDetection
    expect(detection({ enforcingSuccessRate: 0 })).not.toHaveProperty('successRate')
    expect(detection({ enforcingSuccessRate: 0, splitExternalLocalOriginErrors: true })).toMatchObject({
      successRate: { enforcing: 0, enforcingLocalOrigin: 1 },
    })
  })

  test('a chance to eject is told where it is neither all nor none', () => {
    const detection = (said: object): object | undefined =>
      accepted<ClusterResource>('cluster', cluster('a', { outlierDetection: said })).cluster.outlierDetection
    expect(detection({ consecutive5xx: 3 })).not.toHaveProperty('enforcing')
    expect(detection({ consecutive5xx: 3, enforcingConsecutive5xx: 40 })).toMatchObject({
      consecutive5xx: 3,
      enforcing: { consecutive5xx: 0.4 },
    })
  })

  test('A29: files come from the certificate providers of the bootstrap', () => {
    const body = tls({
      sni: 'a.example',
      commonTlsContext: { validationContextType: roots, tlsCertificateProviderInstance: { instanceName: 'default' } },
    })
    expect(accepted<ClusterResource>('cluster', body).cluster.tls).toEqual({
      caFile: '/ca.pem',
      certificateFile: '/cert.pem',
      privateKeyFile: '/key.pem',
      serverName: 'a.example',
      subjectAltNames: [],
      verify: true,
    })
  })

  describe('TLS by endpoint', () => {
    const context = (common: object): object => ({
      name: 'tls',
      configType: {
        $case: 'typedConfig',
        value: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', UpstreamTlsContext as never, {
          commonTlsContext: common,
        }),
      },
    })
    const secret = (name: string): object => ({
      tlsCertificateSdsSecretConfigs: [{ name }],
      validationContextType: { $case: 'validationContextSdsSecretConfig', value: { name: 'ROOTCA' } },
    })
    const raw = {
      name: 'raw',
      configType: {
        $case: 'typedConfig',
        value: emptyAny('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'),
      },
    }
    const matching = (common: object): Any =>
      cluster('a', {
        transportSocketMatches: [
          { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transportSocket: context(common) },
          { name: 'tlsMode-disabled', match: {}, transportSocket: raw },
        ],
      })

    test('Istio’s mutual TLS takes its certificates from the provider of that name', () => {
      const { cluster: model } = accepted<ClusterResource>('cluster', matching(secret('default')), sidecar)
      expect(model.tlsMatches).toMatchObject([
        { labels: { tlsMode: 'istio' }, tls: { caFile: '/ca.pem', certificateFile: '/cert.pem' } },
        { labels: {} },
      ])
      expect(model.tlsMatches?.[1]).not.toHaveProperty('tls')
    })

    test('what cannot be secured as said bars its own endpoints, is told, and the cluster is taken', () => {
      const { cluster: model, notes } = accepted<ClusterResource>('cluster', matching(secret('other')), sidecar)
      expect(model.tlsMatches?.[0]).toMatchObject({
        unavailable: expect.stringContaining('"other" is not in') as string,
      })
      expect(notes).toEqual([expect.stringContaining('not called, in plain text neither')])
    })

    test('endpoints say what they are by their metadata', () => {
      const metadata = {
        filterMetadata: { 'envoy.transport_socket_match': { tlsMode: 'istio' }, 'envoy.lb': { v: '1' } },
      }
      const body = assignment('a', [group([], { lbEndpoints: [endpoint(1, { metadata }), endpoint(2, { metadata })] })])
      const [one, two] = accepted<EndpointsResource>('endpoints', body, sidecar).endpoints
      expect(one).toMatchObject({ labels: { v: '1' }, tlsLabels: { tlsMode: 'istio' } })
      expect(one?.tlsLabels).toBe(two?.tlsLabels)
    })
  })

  test('A32: requests are limited to 1024 where nothing is said, and the largest number is no limit', () => {
    expect(accepted<ClusterResource>('cluster', cluster('a')).cluster.circuitBreakers.maxRequests).toBe(1024)
    const body = cluster('a', { circuitBreakers: { thresholds: [{ maxRequests: big }] } })
    expect(accepted<ClusterResource>('cluster', body).cluster.circuitBreakers.maxRequests).toBe(Infinity)
  })

  test('of a sidecar may ask its endpoints how they are', () => {
    const seconds = (n: number): object => ({ seconds: n, nanos: 0 })
    const http = { path: '/health', expectedStatuses: [{ start: 200, end: 300 }], method: 2 }
    const check = { timeout: seconds(1), interval: seconds(5), unhealthyThreshold: 2, healthyThreshold: 3 }
    const body = cluster('a', {
      healthChecks: [{ ...check, healthChecker: { $case: 'httpHealthCheck', value: http } }],
    })
    expect(accepted<ClusterResource>('cluster', body, sidecar).cluster.healthCheck).toEqual({
      kind: 'http',
      timeoutMs: 1000,
      intervalMs: 5000,
      unhealthyThreshold: 2,
      healthyThreshold: 3,
      path: '/health',
      expectedStatuses: [{ from: 200, to: 300 }],
      method: 'HEAD',
    })
    const bad = cluster('a', { healthChecks: [{ ...check, timeout: seconds(0) }] })
    expect(refusal('cluster', bad, sidecar)).toContain('timeout: must be above 0')
  })

  test('of a sidecar may be of every type', () => {
    for (const n of [0, 1, 2, 3, 4]) expect(refusal('cluster', cluster('a', value(n)), sidecar)).toBe('accepted')
  })
})

describe('a ClusterLoadAssignment', () => {
  const eds = (...groups: object[]): Any => assignment('a', groups)
  /** A group of its own with one endpoint of several ports. */
  const dual = (port: number, ...more: number[]): object => {
    const additionalAddresses = more.map((each) => ({ address: socket('127.0.0.1', each) }))
    const value = { address: socket('127.0.0.1', port), additionalAddresses }
    return group([], {
      locality: { region: String(port) },
      lbEndpoints: [{ hostIdentifier: { $case: 'endpoint', value } }],
    })
  }
  const refused: Refused[] = [
    ['a missing locality', eds(group([1], { locality: undefined })), 'locality: is missing'],
    ['one locality twice in a priority', eds(group([1]), group([2])), 'appears twice'],
    ['a gap between priorities', eds(group([1], { priority: 1 })), '0 is missing'],
    [
      'a priority without weight before one with weight',
      eds(group([1], { loadBalancingWeight: undefined }), group([2], { priority: 1 })),
      '0 is missing',
    ],
    ['an endpoint weight of 0', eds(group([], { lbEndpoints: [endpoint(1, { loadBalancingWeight: 0 })] })), 'above 0'],
    [
      'endpoint weights above 2^32 - 1',
      eds(group([], { lbEndpoints: [endpoint(1, { loadBalancingWeight: big }), endpoint(2)] })),
      '4294967295',
    ],
    [
      'locality weights above 2^32 - 1',
      eds(group([1], { loadBalancingWeight: big }), group([2], { locality: { region: 'q' } })),
      '4294967295',
    ],
    ['an address that comes twice', eds(group([1, 1])), 'appears twice'],
    ['A61 an additional address that comes twice', eds(dual(1, 2, 3), dual(4, 2)), '127.0.0.1:2 appears twice'],
    ['A61 one that is an endpoint', eds(dual(1, 2), group([2], { locality: { region: 'q' } })), 'appears twice'],
    [
      'an unknown drop denominator',
      assignment('a', [group([1])], {
        policy: { dropOverloads: [{ category: 'c', dropPercentage: { denominator: 9, numerator: 1 } }] },
      }),
      'denominator',
    ],
  ]
  test.each(refused)('is refused for %s', (_, body, why) => expect(refusal('endpoints', body)).toContain(why))

  test('of these a sidecar takes', () => {
    const taken = refused.filter(([, body]) => refusal('endpoints', body, sidecar) === 'accepted').map(([what]) => what)
    expect(taken).toEqual(sidecarTakes.endpoints)
  })

  test('takes nothing from a locality without weight', () => {
    const body = eds(group([1]), group([2], { locality: { region: 'q' }, loadBalancingWeight: undefined }))
    expect(accepted<EndpointsResource>('endpoints', body).endpoints.map(({ port }) => port)).toEqual([1])
  })

  test('drops are kept by category, those of nothing left out', () => {
    const drop = (category: string, numerator: number): object => ({
      category,
      dropPercentage: { denominator: 1, numerator },
    })
    const body = assignment('a', [group([1])], { policy: { dropOverloads: [drop('lb', 250), drop('none', 0)] } })
    expect(accepted<EndpointsResource>('endpoints', body).drops).toEqual([
      { category: 'lb', percent: { numerator: 25_000 } },
    ])
  })

  test('unhealthy and draining endpoints are known and not healthy', () => {
    const statuses = [0, 1, 2, 3, 4, 5].map((healthStatus, port) => endpoint(port + 1, { healthStatus }))
    const { endpoints } = accepted<EndpointsResource>('endpoints', eds(group([], { lbEndpoints: statuses })))
    expect(endpoints.map(({ health }) => health)).toEqual([
      'healthy',
      'healthy',
      'unhealthy',
      'draining',
      'unhealthy',
      'degraded',
    ])
  })
})

test('A33 defect 4: a fault that a route turns on by typed_per_filter_config is read', () => {
  const fault = any(faultName, HTTPFault as never, {
    abort: { errorType: { $case: 'httpStatus', value: 503 }, percentage: { numerator: 100 } },
  })
  const body = routeConfig('r', [
    { name: 'h', domains: ['*'], routes: [route(toCluster('a'), prefix, { typedPerFilterConfig: { fault } })] },
  ])
  const [entry] = accepted<RouteResource>('route', body).hosts[0]!.routes
  expect(entry?.faults.get('fault')).toEqual({ abort: { httpStatus: 503, percent: { numerator: 1_000_000 } } })
})

test('A33: faults that requests ask for, and how many there may be at once', () => {
  const fault = any(faultName, HTTPFault as never, {
    delay: { faultDelaySecifier: { $case: 'headerDelay', value: {} }, percentage: { numerator: 5000, denominator: 1 } },
    abort: { errorType: { $case: 'headerAbort', value: {} }, percentage: { numerator: 100 } },
    maxActiveFaults: 3,
  })
  const body = routeConfig('r', [
    { name: 'h', domains: ['*'], routes: [route(toCluster('a'), prefix, { typedPerFilterConfig: { fault } })] },
  ])
  const [entry] = accepted<RouteResource>('route', body).hosts[0]!.routes
  expect(entry?.faults.get('fault')).toEqual({
    requested: {
      delay: { max: { numerator: 500_000 }, unit: 100 },
      abort: { max: { numerator: 1_000_000 }, unit: 10_000 },
    },
    maxActive: 3,
  })
})

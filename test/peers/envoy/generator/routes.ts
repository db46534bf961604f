// Virtual hosts, routes and what they do, at random; nothing in them is left to chance once they are made.
import fc from 'fast-check'
import {
  type FaultPolicy,
  type ForwardAction,
  type HashPolicy,
  type HeaderMutation,
  type PathMatch,
  type PathRewrite,
  type RetryPolicy,
  type Route,
  type RouteAction,
  type VirtualHost,
  retryConditions,
} from '@proxyless/core/spi'
import { formats, match, names, paths, patterns } from './values.ts'

const origin = { resource: 'generated', path: '' }
const nothing: readonly never[] = []

const path: fc.Arbitrary<PathMatch> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('prefix' as const, 'exact' as const),
      value: paths,
      ignoreCase: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('separatedPrefix' as const),
      value: fc.constantFrom('/a', '/A', '/a/b', '/a.js'),
      ignoreCase: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('regex' as const), value: patterns }) },
)

const headerName = fc.oneof(
  { weight: 3, arbitrary: names },
  fc.constantFrom(':method', ':authority', ':path', 'content-type'),
)
const mutation: fc.Arbitrary<HeaderMutation> = fc.record({
  remove: fc.array(names, { maxLength: 2 }),
  set: fc.array(fc.record({ name: names, value: formats }), { maxLength: 3 }),
  add: fc.array(fc.record({ name: names, value: formats }), { maxLength: 3 }),
})

const retry: fc.Arbitrary<RetryPolicy> = fc.record({
  numRetries: fc.constantFrom(1, 2, 3),
  retryOn: fc.uniqueArray(fc.constantFrom(...retryConditions), { maxLength: 3 }),
  retriableStatusCodes: fc.uniqueArray(fc.constantFrom(404, 418, 500, 503), { maxLength: 2 }),
  backoffBaseMs: fc.constant(1),
  backoffMaxMs: fc.constant(2),
  avoidPreviousHosts: fc.boolean(),
  retryOtherPriorities: fc.constant(false),
})

const percent = fc.constantFrom({ numerator: 1_000_000 }, { numerator: 0 })
const abort: fc.Arbitrary<FaultPolicy> = fc.record({
  abort: fc.oneof(
    fc.record({ httpStatus: fc.constantFrom(200, 404, 503, 555), percent }),
    fc.record({ grpcStatus: fc.constantFrom(0, 5, 14), percent }),
  ),
})

/** All leave the slash at the beginning: without it, see scenarios/intended.ts. */
const substitutions: fc.Arbitrary<PathRewrite> = fc.constantFrom(
  ...(
    [
      ['a', 'x'],
      ['a', ''],
      ['(a)', '[\\1\\0]'],
      ['^/(.*)', '/n/\\1'],
      ['(.)/', '\\1//'],
      ['/([^/]*)/([^/]*)', '/\\2/\\1'],
      ['b+', '$1'],
      ['(?i)A|B', '_'],
      ['$', '/end'],
      ['a', '\\3'],
      ['(b)|a', '<\\1>'],
      ['a*$', '-'],
      ['/+', '/'],
    ] as const
  ).map(([pattern, substitution]) => ({ kind: 'regex' as const, pattern, substitution })),
)

const rewrite: fc.Arbitrary<PathRewrite> = fc.oneof(
  fc.record({ kind: fc.constant('prefix' as const), value: fc.constantFrom('/', '/n', '/n/', '/n/m') }),
  substitutions,
)

const hash: fc.Arbitrary<HashPolicy> = fc.oneof(
  fc.record({ kind: fc.constant('header' as const), name: names, terminal: fc.boolean() }),
  fc.record({ kind: fc.constant('queryParameter' as const), name: fc.constantFrom('q', 'k') }),
)

/** A ring and a table want a hash: without one they choose by chance, so the last policy always yields one. */
const hashPolicies = fc.tuple(hash, fc.constant<HashPolicy>({ kind: 'header', name: 'host-key' }))
const single = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  'down',
  'empty',
  'nowhere',
  'ring',
  'maglev',
  'two',
  'tiers',
  'panic',
  'od',
)

const weighted = fc.record(
  {
    cluster: single,
    weight: fc.constantFrom(1, 3),
    hostRewrite: fc.constant('d.example'),
    requestHeaders: mutation,
    responseHeaders: mutation,
  },
  { requiredKeys: ['cluster', 'weight'] },
)
const noShare = fc.record({ cluster: single, weight: fc.constant(0) })

const forward: fc.Arbitrary<ForwardAction> = fc.record(
  {
    kind: fc.constant('forward' as const),
    clusters: fc.oneof(fc.tuple(weighted), fc.tuple(noShare, weighted), fc.tuple(weighted, noShare)),
    timeoutMs: fc.constantFrom(0, 20_000),
    retry,
    fault: abort,
    rewrite,
    hostRewrite: fc.constantFrom('r.example', 'r.example:81'),
    requestHeaders: mutation,
    responseHeaders: mutation,
    mirrors: fc.constant(nothing),
    hashPolicies,
  },
  { requiredKeys: ['kind', 'clusters', 'timeoutMs', 'mirrors', 'hashPolicies'] },
)

/** With at least one thing to change, as documents must have. */
const redirect: fc.Arbitrary<RouteAction> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('redirect' as const),
      status: fc.constantFrom(301, 302, 303, 307, 308),
      scheme: fc.constantFrom('http' as const, 'https' as const),
      authority: fc.constantFrom('n.example', 'n.example:81'),
      port: fc.constantFrom(80, 443, 8080),
      path: fc.constantFrom('/n', '/n?z=1', '/'),
      responseHeaders: mutation,
    },
    { requiredKeys: ['kind', 'status', 'path'] },
  ),
  fc.record(
    {
      kind: fc.constant('redirect' as const),
      status: fc.constant(301),
      prefix: fc.constantFrom('/n', '/', '/n/'),
      scheme: fc.constant('https' as const),
    },
    { requiredKeys: ['kind', 'status', 'prefix'] },
  ),
)

const direct: fc.Arbitrary<RouteAction> = fc.record(
  {
    kind: fc.constant('directResponse' as const),
    status: fc.constantFrom(200, 201, 302, 404, 418, 503),
    body: fc.constantFrom('tea', 'ünï %\n'),
    responseHeaders: mutation,
  },
  { requiredKeys: ['kind', 'status'] },
)

const route: fc.Arbitrary<Route> = fc.record({
  name: fc.constant('r'),
  match: fc.record({
    path,
    headers: fc.array(fc.record({ name: headerName, match, invert: fc.boolean() }), { maxLength: 2 }),
    queryParameters: fc.array(fc.record({ name: fc.constantFrom('q', 'k', 'a%20b'), match }), { maxLength: 1 }),
  }),
  action: fc.oneof(
    { weight: 6, arbitrary: forward },
    { weight: 1, arbitrary: redirect },
    { weight: 1, arbitrary: direct },
  ),
  origin: fc.constant(origin),
  origins: fc.constant({}),
})

export const virtualHosts: fc.Arbitrary<VirtualHost[]> = fc.array(
  fc.record({
    name: fc.constant('h'),
    domains: fc.constantFrom(
      ['svc.test'],
      ['*.test', 'svc.test'],
      ['svc.*'],
      ['*'],
      ['*-x.test'],
      ['a.svc.test', '*.svc.test'],
    ),
    routes: fc.array(route, { minLength: 1, maxLength: 4 }),
    origin: fc.constant(origin),
  }),
  { minLength: 1, maxLength: 3 },
)

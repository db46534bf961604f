// Whole configurations as fast-check makes them: hosts with every kind of route, and the clusters of arbitrary-clusters.
import type {
  DirectResponseAction,
  ForwardAction,
  HashPolicy,
  HeaderMutation,
  MeshConfig,
  RedirectAction,
  RetryPolicy,
  Route,
  RouteMatch,
  StringMatch,
  UnknownHosts,
  VirtualHost,
} from '@proxyless/core/spi'
import { retryConditions } from '@proxyless/core/spi'
import fc from 'fast-check'
import { clusterArb } from './arbitrary-clusters.ts'
import { bytes, ms, optional, origin, origins, text } from './arbitrary-values.ts'

const clusterNames = ['c1', 'c2', 'outbound|80|v1|reviews.default.svc.cluster.local']
const clusterName = fc.constantFrom(...clusterNames)

const pattern = fc.constantFrom('/a.*', '[a-z]+', '/(v1|v2)/x')

const stringMatch = fc.oneof(
  fc.constant({ kind: 'present' }),
  fc.record({ kind: fc.constantFrom('exact', 'prefix', 'suffix', 'contains'), value: text }),
  fc.record({ kind: fc.constant('regex'), value: pattern }),
) as fc.Arbitrary<StringMatch>

const path = text.map((name) => `/${name}`)

const millionths = fc.record({ numerator: fc.integer({ min: 1, max: 1_000_000 }) })
const someOf = fc.record({ numerator: fc.integer({ min: 0, max: 999_999 }) })

const matchArb = optional(
  {
    path: fc.oneof(
      fc.record({ kind: fc.constantFrom('prefix', 'exact', 'separatedPrefix'), value: path, ignoreCase: fc.boolean() }),
      fc.record({ kind: fc.constant('regex'), value: pattern }),
    ),
    headers: fc.array(
      fc.record({
        name: fc.oneof(text, fc.constantFrom(':method', ':authority')),
        match: stringMatch,
        invert: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    queryParameters: fc.array(fc.record({ name: text, match: stringMatch }), { maxLength: 2 }),
  },
  { share: someOf },
) as fc.Arbitrary<RouteMatch>

const headerValue = optional({ name: text, value: text }, { keepEmpty: fc.constant(true) })
const withWhen = (when: 'present' | 'absent'): fc.Arbitrary<unknown> =>
  optional({ name: text, value: text }, { keepEmpty: fc.constant(true), when: fc.constant(when) })

const mutationArb = fc
  .record({
    remove: fc.uniqueArray(text, { maxLength: 2 }),
    set: fc.array(fc.oneof(headerValue, withWhen('present')), { minLength: 1, maxLength: 2 }),
    add: fc.array(fc.oneof(headerValue, withWhen('absent')), { maxLength: 2 }),
  })
  .map((mutation) => mutation as HeaderMutation)

const retryArb = optional(
  {
    numRetries: fc.integer({ min: 1, max: 5 }),
    retryOn: fc.shuffledSubarray([...retryConditions], { minLength: 1 }),
    retriableStatusCodes: fc.array(fc.constantFrom(500, 503), { maxLength: 2 }),
    backoffBaseMs: fc.integer({ min: 1, max: 100 }),
    backoffMaxMs: fc.integer({ min: 100, max: 1000 }),
    avoidPreviousHosts: fc.boolean(),
    retryOtherPriorities: fc.boolean(),
  },
  {
    perTryTimeoutMs: ms,
    hedgeOnPerTryTimeout: fc.constant(true),
    rateLimitedBackoff: optional(
      {
        headers: fc.array(fc.record({ name: text, format: fc.constantFrom('seconds', 'unixTimestamp') }), {
          minLength: 1,
          maxLength: 2,
        }),
      },
      { maxIntervalMs: ms },
    ),
  },
) as fc.Arbitrary<RetryPolicy>

const status = fc.integer({ min: 200, max: 599 })

/** Counted in percent, in hundredths of it, or in millionths. */
const askedArb = fc
  .record({ parts: fc.integer({ min: 1, max: 100 }), unit: fc.constantFrom(1, 100, 10_000) })
  .map(({ parts, unit }) => ({ max: { numerator: parts * unit }, unit }))

const faultArb = optional(
  {},
  {
    delay: fc.record({ delayMs: ms, percent: millionths }),
    abort: fc.oneof(
      fc.record({ httpStatus: status, percent: millionths }),
      fc.record({ grpcStatus: fc.integer({ min: 1, max: 16 }), percent: millionths }),
    ),
    askDelay: askedArb,
    askAbort: askedArb,
    maxActive: fc.nat(9),
  },
)
  .map(({ askDelay, askAbort, maxActive, ...fixed }) => {
    const { delay, abort } = fixed
    const requested = {
      ...(delay === undefined && askDelay !== undefined ? { delay: askDelay } : {}),
      ...(abort === undefined && askAbort !== undefined ? { abort: askAbort } : {}),
    }
    const some = { ...fixed, ...(Object.keys(requested).length === 0 ? {} : { requested }) }
    return Object.keys(some).length === 0 || maxActive === undefined ? some : { ...some, maxActive }
  })
  .filter((fault) => Object.keys(fault).length > 0)

const terminal = { terminal: fc.constant(true) }

const hashPolicyArb = fc.oneof(
  optional({ kind: fc.constantFrom('header', 'queryParameter'), name: text }, terminal),
  optional({ kind: fc.constant('sourceIp') }, terminal),
  optional(
    {
      kind: fc.constant('cookie'),
      name: text,
      attributes: fc.array(fc.record({ name: text, value: text }), { maxLength: 1 }),
    },
    { ...terminal, ttlMs: fc.nat(100_000), path },
  ),
) as fc.Arbitrary<HashPolicy>

const headers = { requestHeaders: mutationArb, responseHeaders: mutationArb }

const forwardArb = optional(
  {
    kind: fc.constant('forward'),
    clusters: fc.array(
      optional(
        { cluster: clusterName, weight: fc.integer({ min: 1, max: 100 }) },
        { ...headers, hostRewrite: text, fault: faultArb },
      ),
      { maxLength: 3 },
    ),
    timeoutMs: fc.oneof(fc.constant(0), ms),
    mirrors: fc.array(fc.record({ cluster: clusterName, percent: millionths, shadowHostSuffix: fc.boolean() }), {
      maxLength: 2,
    }),
    hashPolicies: fc.array(hashPolicyArb, { maxLength: 2 }),
  },
  {
    ...headers,
    maxGrpcTimeoutMs: fc.oneof(fc.constant(0), ms),
    retry: retryArb,
    fault: faultArb,
    rewrite: fc.oneof(
      fc.record({ kind: fc.constant('prefix'), value: path }),
      fc.record({ kind: fc.constant('regex'), pattern, substitution: text }),
    ),
    hostRewrite: fc.oneof(
      text,
      fc.record({ kind: fc.constant('header'), name: text }),
      fc.record({ kind: fc.constant('path'), pattern, substitution: text }),
    ),
  },
) as fc.Arbitrary<ForwardAction>

const redirectArb = optional(
  { kind: fc.constant('redirect'), status: fc.constantFrom(301, 302, 303, 307, 308) },
  {
    scheme: fc.constantFrom('http', 'https'),
    authority: text,
    port: fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom('fromRequestPort', 'schemeDefault')),
    to: fc.oneof(
      path.map((value) => ({ path: value })),
      fc.oneof(path, fc.constant('')).map((prefix) => ({ prefix })),
    ),
    stripQuery: fc.constant(true),
    responseHeaders: mutationArb,
  },
).map(({ to, ...redirect }) => ({ ...redirect, ...to })) as fc.Arbitrary<RedirectAction>

const directArb = optional(
  { kind: fc.constant('directResponse'), status },
  {
    body: fc.oneof(fc.constant(''), text, fc.constant('x'.repeat(5000)), bytes),
    unavailable: fc.constant(true),
    responseHeaders: mutationArb,
  },
) as fc.Arbitrary<DirectResponseAction>

const routeArb: fc.Arbitrary<Route> = optional(
  { name: text, match: matchArb, action: fc.oneof(forwardArb, redirectArb, directArb), origin, origins },
  { statPrefix: text },
)

const domain = fc.constantFrom('a', 'b', 'a.example', '*.example', '*-x', 'www.*', '*', '[::1]', '10.0.0.1')

const hostArb: fc.Arbitrary<VirtualHost> = optional(
  {
    name: text,
    domains: fc.uniqueArray(domain, { minLength: 1, maxLength: 3 }),
    routes: fc.array(routeArb, { maxLength: 3 }),
    origin,
  },
  { port: fc.constantFrom(80, 443, 9080) },
)

const unknownArb: fc.Arbitrary<UnknownHosts> = fc.oneof(
  fc.record({ kind: fc.constantFrom('passthrough', 'block'), origin }),
  fc.record({ kind: fc.constant('cluster'), cluster: clusterName, origin }),
)

/** But for what gRPC has no words for at all: clusters named by a header, and the host of an endpoint, which asks for a trusted server. */
export const configArb: fc.Arbitrary<MeshConfig> = fc.record({
  version: fc.constant('1'),
  virtualHosts: fc.array(hostArb, { maxLength: 4 }),
  clusters: fc
    .tuple(...clusterNames.map(clusterArb))
    .map((clusters) => new Map(clusters.map((each) => [each.name, each]))),
  unknownHosts: unknownArb,
  pathNormalization: fc.constantFrom('none', 'base', 'mergeSlashes', 'decodeAndMergeSlashes'),
  problems: fc.constant([]),
})

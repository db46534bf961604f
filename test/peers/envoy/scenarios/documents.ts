// Istio documents on both sides: through our door to a MeshConfig, and from there to Envoy. What istiod makes of them is
// another peer's business; here is what becomes of calls.
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'

type Port = (backend: string) => number

/** `reviews` in three versions, and `ratings`. */
function registry(port: Port): string {
  const endpoint = (backend: string, version: string): string =>
    `  - {address: 127.0.0.1, ports: {http: ${port(backend)}}, labels: {version: ${version}}}\n`
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
${endpoint('a', 'v1')}${endpoint('b', 'v2')}${endpoint('c', 'v3')}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ratings, namespace: default}
spec:
  hosts: [ratings.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
${endpoint('d', 'v1')}---
`
}

const versions =
  '  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}, {name: v3, labels: {version: v3}}]\n'

function rule(policy = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: default}
spec:
  host: reviews
${versions}${policy}---
`
}

/** `http` is YAML, indented by two. */
function given(says: string, http: string, asks: readonly (string | Ask)[], policy = ''): Scenario {
  const service = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
${http}`
  return scenario(`documents: ${says}`, {
    documents: (port) => registry(port) + rule(policy) + service,
    asks: asks.map((ask) => ({ host: 'reviews:9080', port: 9080, ...(typeof ask === 'string' ? { path: ask } : ask) })),
  })
}

const v = (version: string): string => `route: [{destination: {host: reviews, subset: ${version}}}]`
const jason = ['end-user', 'jason']

export const documents: readonly Scenario[] = [
  given(
    'C001: a user’s own version',
    `  - match: [{headers: {end-user: {exact: jason}}}]\n    ${v('v2')}\n  - ${v('v3')}\n`,
    [{ headers: jason }, {}, { headers: ['end-user', 'Jason'] }],
  ),
  given(
    'C003: user and path',
    `  - match: [{headers: {end-user: {exact: jason}}, uri: {prefix: /ratings/v2/}, ignoreUriCase: true}]\n    ${v('v2')}\n  - ${v('v3')}\n`,
    [
      { headers: jason, path: '/RATINGS/V2/x' },
      { headers: jason, path: '/ratings/v2' },
    ],
  ),
  given('withoutHeaders', `  - match: [{withoutHeaders: {x: {exact: foo}, y: {}}}]\n    ${v('v1')}\n  - ${v('v2')}\n`, [
    {},
    { headers: ['x', 'foo'] },
    { headers: ['y', ''] },
    { headers: ['x', 'bar'] },
  ]),
  given(
    'several entries of one match',
    `  - match: [{uri: {exact: /a}}, {method: {exact: POST}}, {queryParams: {q: {regex: "1+"}}}]\n    ${v('v1')}\n  - ${v('v2')}\n`,
    ['/a', '/b', '/b?q=11', { method: 'POST' }],
  ),
  given(
    'C047: a rewrite',
    `  - match: [{uri: {prefix: /reviews}}]\n    rewrite: {uri: /, authority: inner}\n    ${v('v1')}\n`,
    ['/reviews/1', '/reviewsz', '/other'],
  ),
  given(
    'a rewrite by regex',
    `  - rewrite: {uriRegexRewrite: {match: "^/v([0-9]+)/(.*)", rewrite: "/\\\\2/version/\\\\1"}}\n    ${v('v1')}\n`,
    ['/v12/api?x', '/other'],
  ),
  given(
    'headers of route and destination',
    `  - headers: {request: {set: {x: route}, add: {y: route}, remove: [z]}, response: {add: {x-r: route}}}\n    route: [{destination: {host: reviews, subset: v1}, headers: {request: {set: {x: own}, add: {y: own, z: own}}, response: {set: {x-r: own}}}}]\n`,
    [{ headers: ['x', '1', 'y', '2', 'z', '3'] }],
  ),
  given(
    'headers of weighted destinations',
    `  - headers: {request: {set: {x: route}, add: {y: route}, remove: [z]}}\n    route:\n    - {destination: {host: reviews, subset: v1}, weight: 1, headers: {request: {set: {x: own, host: own.example}, add: {y: own, z: own}}}}\n    - {destination: {host: reviews, subset: v2}, weight: 0}\n`,
    [{ headers: ['x', '1'] }],
  ),
  given('C052: a redirect', '  - redirect: {uri: /new, authority: n.example, redirectCode: 302}\n', ['/old?k=1']),
  given('C055: a redirect to the request port', '  - redirect: {derivePort: FROM_REQUEST_PORT, uri: /x}\n', ['/old']),
  given(
    'C057: a direct response',
    '  - directResponse: {status: 418, body: {string: tea}}\n    headers: {response: {set: {x-d: d}}}\n',
    ['/', { method: 'POST', headers: ['content-type', 'application/grpc'] }],
  ),
  given('C081: default retries leave a 503 alone', `  - ${v('v1')}\n`, [
    { answers: [{ status: 503 }] },
    { answers: [{ instead: 'close' }] },
  ]),
  given('C084: codes in retryOn', `  - ${v('v1')}\n    retries: {attempts: 2, retryOn: "503,reset", backoff: 1ms}\n`, [
    { answers: [{ status: 503 }, { instead: 'close' }] },
    { answers: [{ status: 500 }] },
  ]),
  given('C083: no attempts', `  - ${v('v1')}\n    retries: {attempts: 0}\n`, [{ answers: [{ instead: 'close' }] }]),
  given('C071: a timeout', `  - ${v('v1')}\n    timeout: 150ms\n`, [{ answers: [{ instead: 'hang' }] }]),
  given('C132: aborts', `  - fault: {abort: {httpStatus: 555, percentage: {value: 100}}}\n    ${v('v1')}\n`, [
    '/',
    { method: 'POST', headers: ['content-type', 'application/grpc'] },
  ]),
  given('C134: an abort without a percentage', `  - fault: {abort: {httpStatus: 555}}\n    ${v('v1')}\n`, ['/']),
  given('an unknown subset', `  - ${v('v9')}\n`, ['/']),
  given('an unknown host', '  - route: [{destination: {host: nowhere.example}}]\n', ['/']),
  given('another service', '  - route: [{destination: {host: ratings}}]\n', ['/']),
  given(
    'C102: outlier detection',
    `  - ${v('v1')}\n`,
    Array.from({ length: 5 }, () => ({ answers: [{ status: 500 }] })),
    '  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}}\n',
  ),
  given(
    'C111: a consistent hash',
    '  - route: [{destination: {host: reviews}}]\n',
    Array.from({ length: 20 }, (_, n) => ({ headers: ['x-h', `key-${n}`] })),
    '  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-h}}}\n',
  ),
  given(
    'Maglev by query parameter',
    '  - route: [{destination: {host: reviews}}]\n',
    Array.from({ length: 20 }, (_, n) => `/?user=${n}`),
    '  trafficPolicy: {loadBalancer: {consistentHash: {httpQueryParameterName: user, maglev: {tableSize: 1009}}}}\n',
  ),
]

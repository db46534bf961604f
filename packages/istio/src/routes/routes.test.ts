// Routes of VirtualServices: the load-time cases of SEMANTICS appendix A.
import { describe, expect, test } from 'vitest'
import {
  REVIEWS,
  SUBSETS,
  bookinfo,
  clustersOf,
  destinationRule,
  forwardOf,
  hostOf,
  problemsOf,
  virtualService,
} from '../bookinfo.suite.ts'

const REVIEWS_HOST = `${REVIEWS}:9080`
const v = (subset: string): string => `outbound|9080|${subset}|${REVIEWS}`
const to = (subset: string): string => `route: [{destination: {host: reviews, subset: ${subset}}}]`

async function reviews(spec: string): Promise<ReturnType<typeof hostOf>> {
  return hostOf(await bookinfo([SUBSETS, virtualService('reviews', `hosts: [reviews]\nhttp:\n${spec}`)]), REVIEWS_HOST)
}

async function refusals(http: string): Promise<string[]> {
  const config = await bookinfo([SUBSETS, virtualService('reviews', `hosts: [reviews]\nhttp:\n${http}`)])
  return config.problems.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`)
}

describe('which VirtualService a host belongs to', () => {
  test('C011: the older of two VirtualServices takes the host whole', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('older', `hosts: [reviews]\nhttp:\n- match: [{uri: {prefix: /a}}]\n  ${to('v1')}`),
      virtualService('newer', `hosts: [reviews]\nhttp:\n- ${to('v3')}`),
    ])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v1')])
    expect(problemsOf(config, 'VS_HOST_CONFLICT')).toEqual(['warning VirtualService bookinfo/newer spec.hosts[0]'])
  })

  test('creationTimestamp decides about age before the order of documents', async () => {
    const dated = (name: string, day: string, subset: string): string =>
      virtualService(name, `hosts: [reviews]\nhttp:\n- ${to(subset)}`).replace(
        'metadata: {',
        `metadata: {creationTimestamp: "${day}", `,
      )
    const config = await bookinfo([
      SUBSETS,
      dated('a', '2026-02-02T00:00:00Z', 'v1'),
      dated('b', '2026-01-01T00:00:00Z', 'v2'),
    ])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
  })

  test('an exact host beats a wildcard one', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('wild', `hosts: ["*.bookinfo.svc.cluster.local"]\nhttp:\n- ${to('v1')}`),
      virtualService('exact', `hosts: [reviews.bookinfo.svc.cluster.local]\nhttp:\n- ${to('v2')}`),
    ])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
    expect(clustersOf(hostOf(config, 'ratings.bookinfo.svc.cluster.local:9080'))).toEqual([v('v1')])
  })

  test('C013: a VirtualService for a gateway only is ignored', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('reviews', `hosts: [reviews]\ngateways: [my-gw]\nhttp:\n- ${to('v1')}`),
    ])
    expect(hostOf(config, REVIEWS_HOST).routes[0]).toMatchObject({ name: 'default' })
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([`outbound|9080||${REVIEWS}`])
  })

  test('C014: a match entry for another gateway is skipped', async () => {
    const host = await reviews(`- match: [{gateways: [other-gw]}]\n  ${to('v1')}\n- ${to('v2')}`)
    expect(clustersOf(host)).toEqual([v('v2')])
  })

  test('C015: a match entry for other source labels is skipped', async () => {
    const host = await reviews(`- match: [{sourceLabels: {app: x}}]\n  ${to('v1')}\n- ${to('v2')}`)
    expect(clustersOf(host)).toEqual([v('v2')])
  })

  test('a VirtualService of which nothing is left gives way to the default route', async () => {
    const host = await reviews(`- match: [{sourceLabels: {app: x}}]\n  ${to('v1')}`)
    expect(host.routes[0]?.name).toBe('default')
  })

  test('C018: match.port counts on the request port only', async () => {
    const spec = `hosts: [multi]\nhttp:\n- match: [{port: 80}]\n  ${to('v1')}\n- ${to('v2')}`
    const config = await bookinfo([SUBSETS, virtualService('multi', spec)])
    expect(clustersOf(hostOf(config, 'multi.bookinfo.svc.cluster.local:80'))).toEqual([v('v1')])
    expect(clustersOf(hostOf(config, 'multi.bookinfo.svc.cluster.local:8080'))).toEqual([v('v2')])
  })

  test('C019: a destination with a dot is taken as it is', async () => {
    const config = await bookinfo([
      virtualService('r', 'hosts: [reviews]\nhttp:\n- route: [{destination: {host: reviews.prod}}]'),
    ])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual(['outbound|9080||reviews.prod'])
    expect(problemsOf(config, 'DEST_UNKNOWN_HOST')).toEqual([
      'warning VirtualService bookinfo/r spec.http[0].route[0].destination.host',
    ])
  })

  test("C019: where the host itself is no service, its full name gets 503 and its short name is not the mesh's", async () => {
    const config = await bookinfo([virtualService('r', 'hosts: [shop]\nhttp:\n- route: [{destination: {host: shop}}]')])
    const problem = config.problems.find(({ code }) => code === 'DEST_UNKNOWN_HOST')
    expect(problem?.message).toBe(
      'no visible service has the host shop.bookinfo.svc.cluster.local; requests get 503 by the name shop.bookinfo.svc.cluster.local; those to shop pass through, as the short name of no service',
    )
  })

  test('a subset that is not defined is answered with those that are', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('r', 'hosts: [reviews]\nhttp:\n- route: [{destination: {host: reviews, subset: v9}}]'),
    ])
    const problem = config.problems.find(({ code }) => code === 'SUBSET_UNDEFINED')
    expect(problem?.message).toContain('DestinationRule bookinfo/reviews defines only v1, v2, v3; requests get 503')
  })

  test.each(['soon', '5'])('what is no duration is answered with one that is: %s', async (timeout) => {
    const config = await bookinfo([
      virtualService('r', `hosts: [reviews]\nhttp:\n- timeout: ${timeout}\n  route: [{destination: {host: reviews}}]`),
    ])
    expect(config.problems[0]?.message).toMatch(/^expected a duration such as 5s, 500ms or 1h30m, found /)
  })

  test('C046: a route behind one that matches everything is unreachable', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('r', `hosts: [reviews]\nhttp:\n- ${to('v1')}\n- match: [{uri: {prefix: /x}}]\n  ${to('v2')}`),
    ])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v1')])
    expect(problemsOf(config, 'ROUTE_UNREACHABLE')).toEqual(['warning VirtualService bookinfo/r spec.http[1]'])
  })
})

describe('documents that are refused', () => {
  test('C009: two destinations without weights', async () => {
    const http = '- route: [{destination: {host: reviews, subset: v1}}, {destination: {host: reviews, subset: v2}}]'
    expect(await refusals(http)).toEqual(['WEIGHTS_ZERO spec.http[0].route'])
  })

  test('C034: a pattern with lookahead', async () => {
    expect(await refusals(`- match: [{uri: {regex: "/(?!a).*"}}]\n  ${to('v1')}`)).toEqual([
      'REGEX_INVALID spec.http[0].match[0].uri.regex',
    ])
  })

  test('C063: the removal of host', async () => {
    expect(await refusals(`- ${to('v1')}\n  headers: {request: {remove: [host]}}`)).toEqual([
      'INVALID_VALUE spec.http[0].headers.request.remove[0]',
    ])
  })

  test('C085: a blank in retryOn', async () => {
    expect(await refusals(`- ${to('v1')}\n  retries: {attempts: 2, retryOn: "503, reset"}`)).toEqual([
      'INVALID_VALUE spec.http[0].retries.retryOn',
    ])
  })

  test.each([
    [
      'a direct response below 200',
      '- directResponse: {status: 99}',
      'INVALID_VALUE spec.http[0].directResponse.status',
    ],
    [
      'a redirect with a fault',
      '- redirect: {uri: /x}\n  fault: {abort: {httpStatus: 500}}',
      'CONFLICTING_FIELDS spec.http[0].fault',
    ],
    [
      'a redirect code without meaning',
      '- redirect: {uri: /x, redirectCode: 304}',
      'REDIRECT_CODE spec.http[0].redirect.redirectCode',
    ],
    [
      'an unknown command operator',
      `- ${to('v1')}\n  headers: {request: {set: {x: "%NOPE%"}}}`,
      'HEADER_FORMAT spec.http[0].headers.request.set.x',
    ],
    [
      'an unknown gRPC status',
      `- ${to('v1')}\n  fault: {abort: {grpcStatus: NOPE}}`,
      'INVALID_VALUE spec.http[0].fault.abort.grpcStatus',
    ],
    [
      'a weight in quotes',
      '- route: [{destination: {host: reviews}, weight: "75"}]',
      'INVALID_VALUE spec.http[0].route[0].weight',
    ],
    ['a route without action', '- match: [{uri: {prefix: /}}]', 'MISSING_FIELD spec.http[0]'],
  ])('%s', async (_name, http, expected) => {
    expect(await refusals(http)).toEqual([expected])
  })
})

describe('what a route does', () => {
  test('C061, C062: host operations become host rewrites, the weighted ones apart', async () => {
    const host = await reviews(`
- route:
  - {destination: {host: reviews, subset: v1}, weight: 1}
  - {destination: {host: reviews, subset: v2}, weight: 3, headers: {request: {set: {host: h2, x: ""}}}}
  headers: {request: {set: {host: h1}}}`)
    const action = forwardOf(host.routes[0])
    expect(action.hostRewrite).toBe('h1')
    expect(action.clusters[1]).toEqual({
      cluster: v('v2'),
      weight: 3,
      hostRewrite: 'h2',
      requestHeaders: { remove: [], set: [{ name: 'x', value: '' }], add: [] },
    })
  })

  test('operations of a single destination join those of the route', async () => {
    const host = await reviews(`
- route: [{destination: {host: reviews}, headers: {request: {set: {x: d}, add: {y: d}}}}]
  headers: {request: {set: {x: r}, remove: [Z]}}`)
    expect(forwardOf(host.routes[0]).requestHeaders).toEqual({
      remove: ['z'],
      set: [
        { name: 'x', value: 'r' },
        { name: 'x', value: 'd' },
      ],
      add: [{ name: 'y', value: 'd' }],
    })
  })

  test('C065, C066: mirrors keep the Host now and carry parts of a million', async () => {
    const spec = `hosts: [reviews]\nhttp:\n- ${to('v1')}\n  mirror: {host: ratings}\n  mirrorPercentage: {value: 0.15}`
    const now = await bookinfo([SUBSETS, virtualService('r', spec)])
    const then = await bookinfo([SUBSETS, virtualService('r', spec)], { compat: 'istio-1.4' })
    const cluster = 'outbound|9080||ratings.bookinfo.svc.cluster.local'
    expect(forwardOf(hostOf(now, REVIEWS_HOST).routes[0]).mirrors).toEqual([
      { cluster, percent: { numerator: 1500 }, shadowHostSuffix: false },
    ])
    expect(forwardOf(hostOf(then, REVIEWS_HOST).routes[0]).mirrors[0]?.shadowHostSuffix).toBe(true)
  })

  test('C069: without timeout there is none; under istio-1.4 there are fifteen seconds', async () => {
    const action = async (compat: 'latest' | 'istio-1.4'): Promise<ReturnType<typeof forwardOf>> =>
      forwardOf(hostOf(await bookinfo([], { compat }), REVIEWS_HOST).routes[0])
    expect(await action('latest')).toMatchObject({ timeoutMs: 0, maxGrpcTimeoutMs: 0, retry: { numRetries: 2 } })
    const old = await action('istio-1.4')
    expect(old.timeoutMs).toBe(15_000)
    expect(old.retry).toBeUndefined()
  })

  test('C076: timeout 0s is accepted with a warning', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('r', `hosts: [reviews]\nhttp:\n- ${to('v1')}\n  timeout: 0s`),
    ])
    expect(problemsOf(config, 'TIMEOUT_ZERO')).toEqual(['warning VirtualService bookinfo/r spec.http[0].timeout'])
    expect(forwardOf(hostOf(config, REVIEWS_HOST).routes[0]).timeoutMs).toBe(0)
  })

  test('C083: zero attempts are no policy', async () => {
    expect(forwardOf((await reviews(`- ${to('v1')}\n  retries: {attempts: 0}`)).routes[0]).retry).toBeUndefined()
  })

  test('C084: numbers in retryOn are status codes', async () => {
    const host = await reviews(`- ${to('v1')}\n  retries: {attempts: 2, retryOn: "503,reset"}`)
    expect(forwardOf(host.routes[0]).retry).toEqual({
      numRetries: 2,
      retryOn: ['reset', 'retriable-status-codes'],
      retriableStatusCodes: [503],
      backoffBaseMs: 25,
      backoffMaxMs: 250,
      avoidPreviousHosts: true,
      retryOtherPriorities: false,
    })
  })

  test('C134: an abort without percentage never happens', async () => {
    expect(
      forwardOf((await reviews(`- ${to('v1')}\n  fault: {abort: {httpStatus: 503}}`)).routes[0]).fault,
    ).toBeUndefined()
  })

  test('hash keys follow the destination rule, and a single destination stays sticky', async () => {
    const rule = destinationRule(
      'reviews',
      'host: reviews\ntrafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: X-User}}}',
    )
    const hosts = [
      hostOf(
        await bookinfo([
          rule,
          virtualService('r', 'hosts: [reviews]\nhttp:\n- route: [{destination: {host: reviews}}]'),
        ]),
        REVIEWS_HOST,
      ),
      hostOf(await bookinfo([rule]), REVIEWS_HOST),
    ]
    const [said, unsaid] = hosts.map(({ routes }) => forwardOf(routes[0]))
    expect(said).toMatchObject({
      hashPolicies: [{ kind: 'header', name: 'x-user' }],
      retry: { avoidPreviousHosts: false },
    })
    // as istiod, whose default route does not ask for the balancer
    expect(unsaid).toMatchObject({
      hashPolicies: [{ kind: 'header', name: 'x-user' }],
      retry: { avoidPreviousHosts: true },
    })
  })

  test('every field knows where it was said', async () => {
    const config = await bookinfo([
      SUBSETS,
      virtualService('r', `hosts: [reviews]\nhttp:\n- ${to('v1')}\n  timeout: 3s`),
    ])
    const route = hostOf(config, REVIEWS_HOST).routes[0]
    expect(route?.origins['timeout']).toEqual({
      resource: 'VirtualService bookinfo/r',
      path: 'spec.http[0].timeout',
      source: '2.yaml',
    })
    expect(config.locate?.(route?.origins['timeout'] ?? { resource: '', path: '' })).toEqual({
      source: '2.yaml',
      line: 8,
      column: 14,
    })
    expect(route?.origins['retry']).toEqual({ resource: 'built-in default', path: '' })
  })
})

describe('delegates', () => {
  const root = virtualService(
    'root',
    `
hosts: [reviews]
http:
- match: [{uri: {prefix: /gone}}]
  delegate: {name: missing}
- name: r1
  match: [{uri: {prefix: /productpage}}]
  delegate: {name: d}
  timeout: 7s
  headers: {request: {set: {x-root: "1"}}}
- ${to('v1')}`,
  )
  const delegate = virtualService(
    'd',
    `
http:
- {name: d1, match: [{uri: {prefix: /productpage/v1}}], timeout: 3s, ${to('v2')}}
- {name: d2, match: [{uri: {prefix: /elsewhere}}], ${to('v2')}}
- {name: d3, ${to('v3')}}`,
  )

  test('C123: a delegate fills in its root, and contradictions are dropped', async () => {
    const config = await bookinfo([SUBSETS, root, delegate])
    const routes = hostOf(config, REVIEWS_HOST).routes
    expect(routes.map((route) => [route.name, forwardOf(route).timeoutMs])).toEqual([
      ['r1-d1', 3000],
      ['r1-d3', 7000],
      ['', 0],
    ])
    expect(routes.slice(0, 2).map((route) => forwardOf(route).requestHeaders?.set)).toEqual(
      Array.from({ length: 2 }, () => [{ name: 'x-root', value: '1' }]),
    )
    expect(problemsOf(config, 'DELEGATE_CONFLICT')).toEqual(['warning VirtualService bookinfo/d spec.http[1]'])
    expect(routes[1]?.origins['timeout']).toMatchObject({
      resource: 'VirtualService bookinfo/root',
      path: 'spec.http[1].timeout',
    })
  })

  test('C124: the route of a missing delegate is left out', async () => {
    const config = await bookinfo([SUBSETS, root])
    expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v1')])
    expect(problemsOf(config, 'DELEGATE_MISSING')).toHaveLength(2)
  })
})

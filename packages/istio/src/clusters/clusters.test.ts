// Clusters under DestinationRules: the load-time cases of SEMANTICS appendix A.
import type { MeshConfig } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import {
  RATINGS,
  REVIEWS,
  addressesOf,
  bookinfo,
  clusterOf,
  destinationRule,
  document,
  hostOf,
  problemsOf,
} from '../bookinfo.suite.ts'

const name = (subset = ''): string => `outbound|9080|${subset}|${REVIEWS}`

describe('clusters', () => {
  test('without rules there are istiod defaults', async () => {
    expect(clusterOf(await bookinfo([]), name())).toMatchObject({
      loadBalancer: { kind: 'leastRequest' },
      protocol: 'http1',
      connectTimeoutMs: 10_000,
      connectionPool: { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0 },
      circuitBreakers: { maxConnections: Infinity, maxRetries: Infinity },
      panicThreshold: 0,
    })
  })

  test('gRPC ports speak HTTP/2, and the passthrough cluster is always there', async () => {
    const config = await bookinfo([])
    expect(clusterOf(config, 'outbound|7070||multi.bookinfo.svc.cluster.local').protocol).toBe('http2')
    expect(clusterOf(config, 'PassthroughCluster')).toMatchObject({
      discovery: { kind: 'originalDestination' },
      connectionPool: { idleTimeoutMs: 300_000 },
    })
  })

  test('a ServiceEntry is outside the mesh unless it says that it is not, as Istio has it', async () => {
    const entry = (host: string, location: string): string =>
      document(
        'ServiceEntry',
        host,
        `hosts: [${host}.example]
ports: [{ number: 80, name: http, protocol: HTTP }]
resolution: STATIC
endpoints: [{ address: 10.9.9.9 }]
${location}`,
      )
    const config = await bookinfo([
      entry('a', 'location: MESH_EXTERNAL'),
      entry('b', 'location: MESH_INTERNAL'),
      entry('c', ''),
    ])
    const external = ['a', 'b', 'c'].map((host) => clusterOf(config, `outbound|80||${host}.example`).external)
    expect(external).toEqual([true, undefined, true])
  })

  test('C120: a subset overrides block by block', async () => {
    const config = await bookinfo([
      destinationRule(
        'r',
        `
host: reviews
trafficPolicy: {loadBalancer: {simple: RANDOM}, connectionPool: {tcp: {maxConnections: 5}}}
subsets:
- {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}`,
      ),
    ])
    const v2 = clusterOf(config, name('v2'))
    expect(v2.loadBalancer).toEqual({ kind: 'roundRobin' })
    expect(v2.circuitBreakers.maxConnections).toBe(5)
    expect(addressesOf(v2)).toEqual(['10.0.0.2'])
    expect(v2.origins['loadBalancer']?.path).toBe('spec.subsets[0].trafficPolicy.loadBalancer')
  })

  test('a port level replaces all blocks of its level', async () => {
    const config = await bookinfo([
      destinationRule(
        'r',
        `
host: reviews
trafficPolicy:
  connectionPool: {tcp: {connectTimeout: 1s}}
  outlierDetection: {}
  portLevelSettings: [{port: {number: 9080}, loadBalancer: {simple: RANDOM}}]`,
      ),
    ])
    const cluster = clusterOf(config, name())
    expect(cluster.connectTimeoutMs).toBe(10_000)
    expect(cluster.outlierDetection).toBeUndefined()
    expect(cluster.loadBalancer).toEqual({ kind: 'random' })
  })

  test('C122: rules with one host are merged, oldest first', async () => {
    const config = await bookinfo([
      destinationRule(
        'old',
        `
host: a
trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, connectionPool: {tcp: {maxConnections: 7}}}
subsets: [{name: v1, labels: {version: v1}}]`,
        'svcns',
      ),
      destinationRule(
        'new',
        `
host: a
trafficPolicy: {loadBalancer: {simple: RANDOM}}
subsets: [{name: v1, labels: {version: other}}, {name: v2, labels: {version: v2}}]`,
        'svcns',
      ),
    ])
    const host = 'a.svcns.svc.cluster.local'
    expect(clusterOf(config, `outbound|80|v2|${host}`)).toMatchObject({
      loadBalancer: { kind: 'roundRobin' },
      circuitBreakers: { maxConnections: 7 },
    })
    expect(clusterOf(config, `outbound|80|v1|${host}`).origin.resource).toBe('DestinationRule svcns/old')
    expect(problemsOf(config, 'SUBSET_DUPLICATE')).toEqual(['warning DestinationRule svcns/new spec.subsets[0].name'])
  })

  test("any rule of the client's namespace hides those of the service's", async () => {
    const config = await bookinfo([
      destinationRule('wide', 'host: "*.svc.cluster.local"\ntrafficPolicy: {loadBalancer: {simple: RANDOM}}'),
      destinationRule(
        'own',
        'host: a\ntrafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}\nsubsets: [{name: v1, labels: {}}]',
        'svcns',
      ),
    ])
    expect(clusterOf(config, 'outbound|80||a.svcns.svc.cluster.local').loadBalancer).toEqual({ kind: 'random' })
    expect(config.clusters.has('outbound|80|v1|a.svcns.svc.cluster.local')).toBe(false)
  })

  test('C103: consecutiveErrors is warned of and replaced by the default; istio-1.4 honours it', async () => {
    const rule = destinationRule(
      'r',
      'host: reviews\ntrafficPolicy: {outlierDetection: {consecutiveErrors: 3, maxEjectionPercent: 100}}',
    )
    const config = await bookinfo([rule])
    expect(clusterOf(config, name()).outlierDetection).toMatchObject({
      consecutive5xx: 5,
      consecutiveGatewayFailure: 0,
      maxEjectionPercent: 1,
      intervalMs: 10_000,
      maxEjectionTimeMs: 300_000,
    })
    expect(problemsOf(config, 'DEPRECATED_FIELD')).toHaveLength(1)
    const old = await bookinfo([rule], { compat: 'istio-1.4' })
    expect(clusterOf(old, name()).outlierDetection).toMatchObject({ consecutive5xx: 0, consecutiveGatewayFailure: 3 })
  })

  test('the default ten percent of three endpoints never ejects one, and that is said', async () => {
    const config = await bookinfo([destinationRule('r', 'host: reviews\ntrafficPolicy: {outlierDetection: {}}')])
    expect(problemsOf(config, 'OD_NEVER_EJECTS')).toEqual([
      'warning DestinationRule bookinfo/r spec.trafficPolicy.outlierDetection',
    ])
  })

  test.each([
    ['C126', 'ISTIO_MUTUAL', '{mode: ISTIO_MUTUAL}', 'TLS_ISTIO_MUTUAL'],
    ['C128', 'credentialName', '{mode: SIMPLE, credentialName: cert}', 'TLS_CREDENTIAL_NAME'],
  ])('%s: %s is refused, and the host is closed instead of called in plain text', async (_id, _name, tls, code) => {
    const config = await bookinfo([destinationRule('r', `host: reviews\ntrafficPolicy: {tls: ${tls}}`)])
    expect(config.problems.find((problem) => problem.code === code)).toMatchObject({
      severity: 'error',
      outcome: 'void',
    })
    expect(config.clusters.has(name())).toBe(false)
    expect(hostOf(config, `${REVIEWS}:9080`)).toBeDefined()
  })

  test('undefined subsets and empty ones are told apart', async () => {
    const config = await bookinfo([
      destinationRule('r', 'host: ratings\nsubsets: [{name: v9, labels: {version: v9}}]'),
      document('VirtualService', 'r', 'hosts: [ratings]\nhttp:\n- route: [{destination: {host: ratings, subset: v1}}]'),
    ])
    expect(problemsOf(config, 'SUBSET_EMPTY')).toEqual(['info DestinationRule bookinfo/r spec.subsets[0]'])
    expect(problemsOf(config, 'SUBSET_UNDEFINED')).toEqual([
      'warning VirtualService bookinfo/r spec.http[0].route[0].destination.subset',
    ])
    expect(addressesOf(clusterOf(config, `outbound|9080|v9|${RATINGS}`))).toEqual([])
  })

  test('where a control plane has the endpoints, that there are none in documents is not told', async () => {
    const rule = `host: ratings
trafficPolicy: {outlierDetection: {maxEjectionPercent: 1}}
subsets: [{name: v9, labels: {version: v9}}]`
    const told = (config: MeshConfig): string[] => [
      ...problemsOf(config, 'SUBSET_EMPTY'),
      ...problemsOf(config, 'OD_NEVER_EJECTS'),
    ]
    expect(told(await bookinfo([destinationRule('r', rule)]))).not.toEqual([])
    expect(told(await bookinfo([destinationRule('r', rule)], { fromControlPlane: true }))).toEqual([])
  })
})

test('every field of outlierDetection, retryBudget and retries that is applied loads without a warning', async () => {
  const rule = destinationRule(
    'reviews',
    `
host: reviews
trafficPolicy:
  outlierDetection:
    consecutive5xxErrors: 7
    consecutiveGatewayErrors: 3
    splitExternalLocalOriginErrors: true
    consecutiveLocalOriginFailures: 4
    interval: 5s
    baseEjectionTime: 400s
    maxEjectionPercent: 100
    minHealthPercent: 30
    outlierDetectionHttpErrorCodes: ["429"]
  retryBudget: {percent: 30, minRetryConcurrency: 5, budgetInterval: 10s}`,
  )
  const retries = document(
    'VirtualService',
    'reviews',
    `
hosts: [reviews]
http:
- route: [{destination: {host: reviews}}]
  retries:
    {attempts: 3, retryOn: 5xx, backoff: 10ms, perTryTimeout: 1s, retryIgnorePreviousHosts: false, retryRemoteLocalities: true}`,
  )
  const config = await bookinfo([rule, retries])
  expect(config.problems).toEqual([])
  expect(clusterOf(config, name())).toMatchObject({
    outlierDetection: {
      consecutive5xx: 7,
      consecutiveGatewayFailure: 3,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 4,
      intervalMs: 5_000,
      baseEjectionTimeMs: 400_000,
      maxEjectionTimeMs: 400_000,
      maxEjectionPercent: 1,
      errorStatusCodes: [429],
    },
    circuitBreakers: { retryBudget: { percent: 0.3, minRetryConcurrency: 5, intervalMs: 10_000 } },
    panicThreshold: 0.3,
  })
  // Istio switches these off: success rate, failure percentage
  expect(clusterOf(config, name())?.outlierDetection).not.toHaveProperty('successRate')
  expect(clusterOf(config, name())?.outlierDetection).not.toHaveProperty('failurePercentage')
  const [route] = hostOf(config, `${REVIEWS}:9080`)?.routes ?? []
  expect(route?.action).toMatchObject({
    retry: { backoffBaseMs: 10, backoffMaxMs: 100, avoidPreviousHosts: false, retryOtherPriorities: true },
  })
})

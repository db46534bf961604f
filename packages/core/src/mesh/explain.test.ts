// Why a request would go where: what explain says is what the next call does.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { expectNothingLeft, retries, worldOf } from '../call/world.suite.ts'
import { cluster, config, endpoint, forward, host, outlierDetection, route } from '../model/config.suite.ts'
import type { Cluster as ClusterModel, LoadBalancer } from '../model/cluster.ts'
import type { FaultPolicy } from '../model/policy.ts'
import { Explanation } from './explanation.ts'

afterEach(expectNothingLeft)

const origin = { resource: 'test', path: '' }

describe('the endpoint it names is the one the next call uses', () => {
  const balancer = fc.constantFrom<LoadBalancer>(
    { kind: 'roundRobin' },
    { kind: 'random' },
    { kind: 'leastRequest', choices: 2 },
    { kind: 'leastRequest', choices: 3 },
    { kind: 'leastRequest', choices: 2, activeRequestBias: 0.5 },
    { kind: 'peakEwma', decayMs: 10_000, failurePenalty: 10 },
    { kind: 'clientWeightedRoundRobin', blackoutMs: 1, expiryMs: 1_000, updateMs: 1, errorPenalty: 1 },
  )
  const million = 1_000_000
  const percent = fc.constantFrom(0, 200_000, 500_000, million).map((numerator) => ({ numerator }))
  const fault: fc.Arbitrary<FaultPolicy | undefined> = fc.option(
    fc.record({
      delay: fc.record({ delayMs: fc.constant(10), percent }),
      abort: fc.record({ httpStatus: fc.constant(500), percent }),
    }),
    { nil: undefined },
  )
  const zone = fc.constantFrom('a', 'b').map((name) => ({ region: 'r', zone: name, subzone: '' }))
  const member = fc.record({
    weight: fc.integer({ min: 1, max: 4 }),
    priority: fc.nat(2),
    health: fc.constantFrom('healthy', 'healthy', 'degraded', 'unhealthy'),
    locality: zone,
  })
  const weights = fc.array(member, { minLength: 1, maxLength: 5 })
  const weightedZones = [0, 1, 2].flatMap((priority) =>
    ['a', 'b'].map((name) => ({ locality: { region: 'r', zone: name, subzone: '' }, priority, weight: priority + 1 })),
  )
  const chain = fc.constantFrom<Partial<ClusterModel>>(
    {},
    { panicThreshold: 0.5 },
    { localities: { kind: 'weighted', weights: weightedZones } },
    // longer than the test: a delay that reaches past its end is not foreseen
    { slowStart: { windowMs: 1_000, aggression: 1, minWeight: 0.1 } },
    { aperture: { size: 2, seed: 1 } },
    { outlierDetection: { ...outlierDetection, consecutive5xx: 1, enforcing: { consecutive5xx: 0.5 } } },
  )
  const mirrorPercent = fc.option(percent, { nil: undefined })

  test('for any balancer, weights, split, fault and mirror', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(balancer, weights, fc.nat(3), chain), { minLength: 1, maxLength: 3 }),
        fault,
        mirrorPercent,
        fc.integer(),
        fc.array(fc.boolean(), { maxLength: 20 }),
        async (groups, faultPolicy, mirrored, seed, steps) => {
          const clusters = groups.map(([loadBalancer, w, , more], i) =>
            cluster(
              `c${i}`,
              w.map((said, k) => endpoint(`10.0.${i}.${k}`, said)),
              { loadBalancer, ...more },
            ),
          )
          // after a delay hosts are older than when it was explained
          const ages =
            faultPolicy?.delay !== undefined && groups.some(([, , , { slowStart }]) => slowStart !== undefined)
          const shares = Object.fromEntries(groups.map(([, , share], i) => [`c${i}`, share + 1]))
          const action = forward(shares, {
            mirrors: mirrored === undefined ? [] : [{ cluster: 'c0', percent: mirrored, shadowHostSuffix: false }],
            ...(faultPolicy === undefined || ages ? {} : { fault: faultPolicy }),
          })
          const world = await worldOf(config([host(['a'], [route(action)])], clusters), { seed })
          for (const explainTwice of steps) {
            const { outcome } = world.mesh.explain({ url: 'http://a/' })
            if (explainTwice) expect(world.mesh.explain({ url: 'http://a/' }).outcome).toEqual(outcome)
            // an error may eject, by a draw of its own
            const it = world.call('http://a/', { answers: [explainTwice ? 500 : 200] })
            world.clock.advance(10)
            expect(it.sent[0]?.endpoint).toBe(outcome.endpoint)
            if (it.sent.length === 0) expect(outcome.answer).toMatch(/^(500 FI|503 UH)$/)
            else expect(outcome.answer).toBeUndefined()
            if (it.sent.length > 0) expect(world.record.cluster).toBe(outcome.cluster)
          }
          await expectNothingLeft()
        },
      ),
      { numRuns: 150 },
    )
  })

  test('also for hosts that pass through', async () => {
    const world = await worldOf(config([], []))
    for (const url of ['http://unknown.test/', 'https://unknown.test/', 'http://unknown.test:81/', 'http://[::1]:9/']) {
      const { outcome } = world.mesh.explain({ url })
      expect(world.call(url).sent[0]?.endpoint).toBe(outcome.endpoint)
    }
  })

  test('it spends no chance and sends nothing', async () => {
    const c = cluster('c', ['10.0.0.1', endpoint('10.0.0.2', { weight: 3 })])
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const next = world.mesh.random.fork().uint32()
    world.mesh.explain({ url: 'http://a/' })
    expect(world.mesh.random.uint32()).toBe(next)
    expect([world.records, world.endpoint('c', '10.0.0.1:80').totalRequests]).toEqual([[], 0])
  })
})

describe('the outcome', () => {
  test.each<[string, url: string, answer: string]>([
    ['C029 no route', 'http://nothing/', '404 NR'],
    ['a blocked host', 'http://other/', '502'],
    ['an invalid path', 'http://nothing/%00', '400'],
    ['a missing cluster', 'http://missing/', '503 NC'],
    ['no endpoint', 'http://empty/', '503 UH'],
    ['a redirect', 'http://moved/x?q', '301 to http://moved/new?q'],
    ['a direct response', 'http://tea/', '418 directly, 3 bytes'],
  ])('of %s', async (_, url, answer) => {
    const hosts = [
      host(['nothing'], []),
      host(['missing'], [route(forward('nowhere'))]),
      host(['empty'], [route(forward('e'))]),
      host(['moved'], [route({ kind: 'redirect', status: 301, path: '/new' })]),
      host(['tea'], [route({ kind: 'directResponse', status: 418, body: 'tea' })]),
    ]
    const world = await worldOf(config(hosts, [cluster('e', [])], { unknownHosts: { kind: 'block', origin } }))
    expect(world.mesh.explain({ url }).outcome.answer).toBe(answer)
  })
})

describe('the account', () => {
  test('tells each step with its reason and its place', async () => {
    const clusters = [
      cluster('v1', [
        endpoint('10.0.0.1', { labels: { version: 'v1' } }),
        endpoint('10.0.0.2', { health: 'unhealthy' }),
      ]),
      cluster('v2', ['10.0.0.3']),
    ]
    const jason = route(
      forward('v2'),
      { headers: [{ name: 'end-user', match: { kind: 'exact', value: 'jason' }, invert: false }] },
      'jason',
    )
    const action = forward('v1', {
      timeoutMs: 3_000,
      hostRewrite: 'inner',
      rewrite: { kind: 'prefix', value: '/v1/' },
      requestHeaders: { remove: ['a'], set: [{ name: 'b', value: '1' }], add: [] },
      mirrors: [{ cluster: 'v2', percent: { numerator: 1_500 }, shadowHostSuffix: false }],
      fault: {
        delay: { delayMs: 5, percent: { numerator: 0 } },
        abort: { httpStatus: 500, percent: { numerator: 0 } },
      },
      ...retries({ retryOn: ['5xx', 'retriable-status-codes'], retriableStatusCodes: [503], perTryTimeoutMs: 2_000 }),
    })
    const rest = {
      ...route(action, {}, 'rest'),
      origins: { timeout: { resource: 'VS x', path: 'spec.http[1].timeout' } },
    }
    const world = await worldOf(
      config([host(['a'], [jason, rest])], clusters, {
        locate: ({ path }) => (path === '' ? undefined : { source: 'vs.yaml', line: 7, column: 3 }),
      }),
    )
    const told = world.mesh.explain({ url: 'http://a/x/../y', headers: { 'End-User': 'eve' } })
    expect(told.steps.map(({ what, text }) => `${what}: ${text}`)).toEqual([
      'host: a is claimed by a',
      'rule: "jason" does not match: header end-user exact "jason" (the request has "eve")',
      'rule: "rest" matches',
      'fault: delay of 5 ms for 0 % of calls',
      'fault: abort with status 500 for 0 % of calls',
      'cluster: v1, roundRobin',
      'candidate: 10.0.0.1:80 version=v1 may be used, 0 active',
      'candidate: 10.0.0.2:80 is left out: unhealthy',
      'endpoint: 10.0.0.1:80',
      'path: /y becomes /v1/y',
      'host header: becomes inner',
      'request headers: remove a; set b: 1',
      'mirror: 0.15 % copied to v2',
      'timeout: 3000 ms for all attempts',
      'retries: up to 2 on 5xx,retriable-status-codes (503), 2000 ms per try',
    ])
    expect(told.outcome).toEqual({ route: 'rest', cluster: 'v1', endpoint: '10.0.0.1:80' })
    expect(told.steps.find(({ what }) => what === 'timeout')).toMatchObject({
      setBy: 'VS x spec.http[1].timeout',
      at: 'vs.yaml:7:3',
    })
    expect(String(told)).toContain('(VS x spec.http[1].timeout, vs.yaml:7:3)')
    expect(String(told).split('\n')[0]).toBe('GET http://a/x/../y')
  })

  test('tells that a host exists with other ports', async () => {
    const hosts = [80, 8080].map((port) => ({ ...host(['a.long', 'a'], [route(forward('c'))]), port }))
    const world = await worldOf(config(hosts, [cluster('c', ['10.0.0.1'])]))
    const [first] = world.mesh.explain({ url: 'http://a:81/' }).steps
    expect(first).toMatchObject({ what: 'host', text: 'a.long exists with port 80, 8080, not with 81' })
  })

  test('tells TLS, limits and outlier detection where they are set', async () => {
    const tls = { serverName: 'c.example', subjectAltNames: [], verify: true }
    const { circuitBreakers } = cluster('c', ['10.0.0.1'])
    const c = cluster('c', ['10.0.0.1'], {
      tls,
      outlierDetection: { ...outlierDetection, consecutive5xx: 5, baseEjectionTimeMs: 30_000, maxEjectionPercent: 0.5 },
      circuitBreakers: { ...circuitBreakers, maxConnections: 7, maxRetries: Infinity },
      origins: { connectionPool: { resource: 'DR', path: 'spec' } },
    })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const lines = String(world.mesh.explain({ url: 'http://a/' }))
    expect(lines).toMatch(/tls +without a client certificate, named c\.example, verified by the system's roots/)
    expect(lines).toMatch(/limits +.*7 connections.*\(DR spec\)/)
    expect(lines).toMatch(/outliers +.*5 errors of status 5xx in a row/)
  })

  test('tells limits wherever they came from', async () => {
    const { circuitBreakers } = cluster('c', ['10.0.0.1'])
    const c = cluster('c', ['10.0.0.1'], { circuitBreakers: { ...circuitBreakers, maxConnections: 7 } })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    expect(String(world.mesh.explain({ url: 'http://a/' }))).toMatch(/limits +.*7 connections/)
  })

  test('tells the shares of a split and where the next draw falls', async () => {
    const clusters = [cluster('v1', ['10.0.0.1']), cluster('v2', ['10.0.0.2'])]
    const world = await worldOf(config([host(['a'], [route(forward({ v1: 30, v2: 10 }))])], clusters))
    const told = world.mesh.explain({ url: 'http://a/' })
    const split = told.steps.find(({ what }) => what === 'split')?.text
    expect(split).toBe(`75 % v1, 25 % v2; the next draw falls on ${told.outcome.cluster}`)
  })

  test('tells panic and ejection', async () => {
    const c = cluster('c', ['10.0.0.1'], { panicThreshold: 0.5, outlierDetection })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    for (let i = 0; i < 5; i++) world.call('http://a/', { answers: [500] })
    const texts = world.mesh.explain({ url: 'http://a/' }).steps.map(({ text }) => text)
    expect(texts).toContain('10.0.0.1:80 may be used, though ejected by outlier detection, 0 active')
    expect(texts).toContain('too few are healthy: all are used (panic threshold)')
  })

  test('tells priorities, tiers and localities, and what they leave out', async () => {
    const at = (zone: string) => ({ region: 'r', zone, subzone: '' })
    const hosts = [
      endpoint('10.0.0.1', { locality: at('a') }),
      endpoint('10.0.0.2', { locality: at('b') }),
      endpoint('10.0.0.3', { locality: at('a'), health: 'unhealthy' }),
      endpoint('10.0.0.4', { locality: at('c'), priority: 1 }),
      endpoint('10.0.0.5', { locality: at('c'), priority: 2 }),
    ]
    const weights = [
      { locality: at('a'), priority: 0, weight: 1 },
      { locality: at('c'), priority: 1, weight: 1 },
    ]
    const c = cluster('c', hosts, { localities: { kind: 'weighted', weights } })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const { steps, outcome } = world.mesh.explain({ url: 'http://a/' })
    const told = (what: string): string[] => steps.filter((step) => step.what === what).map(({ text }) => text)
    expect(told('candidate')).toEqual([
      '10.0.0.1:80 may be used, 0 active',
      '10.0.0.2:80 is left out: locality r/b has no weight',
      '10.0.0.3:80 is left out: unhealthy',
      '10.0.0.4:80 may be used, 0 active',
      '10.0.0.5:80 is left out: priority 2 gets no calls now',
    ])
    const [priority = ''] = told('priority')
    expect(priority).toMatch(
      /^93 % to priority 0, healthy, 7 % to priority 1, healthy; the next draw falls on priority [01], healthy$/,
    )
    expect(told('locality')).toEqual([
      outcome.endpoint === '10.0.0.4:80' ? 'r/c, 1 to choose from' : 'r/a, 1 to choose from',
    ])
    const status = world.mesh.status().clusters.find(({ name }) => name === 'c')
    expect(status?.priorities.map((one) => [one.healthy, one.healthyLoad])).toEqual([
      [2, 93],
      [1, 7],
      [1, 0],
    ])
    expect(status?.endpoints.map(({ excluded }) => excluded !== null)).toEqual([false, true, true, false, true])
  })

  test('takes gRPC and trusted headers into account as a call does', async () => {
    const action = forward('c', { timeoutMs: 9_000, maxGrpcTimeoutMs: 1_000 })
    const hosts = [host(['a'], [route(action)])]
    const world = await worldOf(config(hosts, [cluster('c', ['10.0.0.1'])]), {
      settings: { trustRequestHeaders: true },
    })
    const timeout = (headers: Record<string, string>): string | undefined =>
      world.mesh.explain({ url: 'http://a/', headers }).steps.find(({ what }) => what === 'timeout')?.text
    expect(timeout({ 'content-type': 'application/grpc' })).toBe('1000 ms for all attempts')
    expect(timeout({ 'x-envoy-upstream-rq-timeout-ms': '7' })).toBe('7 ms for all attempts')
    const told = world.mesh.explain({ url: 'http://a/', headers: { 'x-envoy-retry-on': '5xx' } })
    expect(told.steps.at(-1)?.text).toBe('up to 1 on 5xx')
  })

  test('an account without steps is its title', () => {
    expect(String(new Explanation('GET /', [], {}))).toBe('GET /')
  })
})

// The way of a call from its host to its end: where it goes, what is sent, what is told of it.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { HeaderMutation } from '../model/headers.ts'
import { cluster, config, endpoint, forward, host, noLimits, outlierDetection, route } from '../model/config.suite.ts'
import type { WeightedCluster } from '../model/route.ts'
import type { Answer } from './fake-exchange.suite.ts'
import { expectNothingLeft, retries, simple, type World, World as House, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const origin = { resource: 'test', path: '' }
const set = (name: string, value: string): HeaderMutation => ({ remove: [], set: [{ name, value }], add: [] })

describe('where a call goes', () => {
  test('C020 by its host and port to the first route that matches', async () => {
    const v1 = route(forward('c1'), { path: { kind: 'prefix', value: '/v1', ignoreCase: false } }, 'one')
    const rest = route(forward('c2'), {}, 'rest')
    const clusters = [cluster('c1', ['10.0.0.1']), cluster('c2', ['10.0.0.2'])]
    const world = await worldOf(config([host(['a', '*.a'], [v1, rest], 9080)], clusters))
    const ends = (url: string): string[] => {
      world.call(url)
      return [world.record.route, world.record.cluster, world.record.endpoint]
    }
    expect(ends('http://a:9080/v1/x')).toEqual(['one', 'c1', '10.0.0.1:80'])
    expect(ends('http://A.:9080/v1/x')).toEqual(['one', 'c1', '10.0.0.1:80'])
    expect(ends('http://x.a:9080/other')).toEqual(['rest', 'c2', '10.0.0.2:80'])
  })

  test('C018 a known host on a port it does not have is unknown', async () => {
    const world = await worldOf(config([host(['a'], [route(forward('c'))], 80)], [cluster('c', ['10.0.0.1'])]))
    world.call('http://a:8080/')
    expect(world.record).toMatchObject({ route: 'allow_any', cluster: 'PassthroughCluster', endpoint: 'a:8080' })
    world.call('http://a/')
    expect(world.record.cluster).toBe('c')
  })

  test('C021 an unknown host passes through: its own address, no retry, no timeout', async () => {
    const world = await simple()
    const it = world.call('http://unknown.test/x', { answers: [503] })
    expect([it.seen, it.sent.length, it.sent[0]?.endpoint, it.sent[0]?.path]).toEqual([503, 1, 'unknown.test:80', '/x'])
    expect(world.record).toMatchObject({ cluster: 'PassthroughCluster', route: 'allow_any', flags: '-' })
    const slow = world.call('https://unknown.test/', { answers: [{ status: 200, afterMs: 100_000 }] })
    world.clock.advance(100_000)
    expect([slow.seen, slow.sent[0]?.endpoint]).toEqual([200, 'unknown.test:443'])
    expect(world.call('http://[fd00::1]:8080/').sent[0]?.endpoint).toBe('[fd00::1]:8080')
  })

  test('C022 an unknown host is blocked where the mesh says so: 502, nothing sent', async () => {
    const world = await worldOf(config([], [], { unknownHosts: { kind: 'block', origin } }))
    const it = world.call('http://unknown.test/')
    expect([it.seen, it.replied?.body, it.sent]).toEqual([502, '', []])
    expect(world.record).toMatchObject({ route: 'block_all', cluster: '', flags: '-', status: 502 })
  })

  test('an unknown host goes to the egress cluster where there is one, Host kept', async () => {
    const unknownHosts = { kind: 'cluster', cluster: 'out', origin } as const
    const world = await worldOf(config([], [cluster('out', ['10.7.7.7'])], { unknownHosts }))
    expect(world.call('http://unknown.test/').sent[0]).toMatchObject({
      endpoint: '10.7.7.7:80',
      authority: 'unknown.test',
    })
  })

  test('C011 a host without a matching route is a 404, not the next host', async () => {
    const a = route(forward('c'), { path: { kind: 'prefix', value: '/a', ignoreCase: false } })
    const world = await worldOf(
      config([host(['x.y'], [a]), host(['*.y'], [route(forward('c'))])], [cluster('c', ['1.1.1.1'])]),
    )
    expect([world.call('http://x.y/b').seen, world.call('http://z.y/b').seen]).toEqual([404, 200])
    expect(world.records[0]).toMatchObject({ route: '', cluster: '', flags: 'NR' })
  })

  test('C006 a split is drawn once per call and kept for its retries', async () => {
    const action = forward({ c1: 3, c2: 1 }, retries({ numRetries: 3, retryOn: ['5xx'] }))
    const clusters = [cluster('c1', ['10.0.0.1']), cluster('c2', ['10.0.0.2'])]
    const world = await worldOf(config([host(['a'], [route(action)])], clusters))
    let first = 0
    for (let i = 0; i < 400; i++) {
      const it = world.call('http://a/', { answers: [503] })
      world.clock.advance(1_000)
      const used = new Set(it.sent.map((sent) => sent.endpoint))
      expect([it.sent.length, used.size]).toEqual([4, 1])
      if (used.has('10.0.0.1:80')) first++
    }
    expect(Math.abs(first - 300)).toBeLessThan(35)
  })

  test('names are resolved when the first call needs them, and it waits', async () => {
    const answers: (() => void)[] = []
    const resolver = {
      resolve: () =>
        new Promise<{ addresses: string[]; ttlMs: number }>((resolve) => {
          answers.push(() => resolve({ addresses: ['10.0.0.1'], ttlMs: 1_000 }))
        }),
    }
    const c = cluster('c', [], { discovery: { kind: 'strictDns', endpoints: [endpoint('a.test:81')] } })
    const hosts = [host(['a'], [route(forward('c', { timeoutMs: 500 }))])]
    const world = await worldOf(config(hosts, [c]), { resolver })
    const late = world.call('http://a/')
    world.clock.advance(500)
    expect([late.seen, late.sent, world.record.flags]).toEqual([504, [], 'UT'])
    const gone = world.call('http://a/')
    gone.cancel()
    const it = world.call('http://a/')
    answers[0]?.()
    await world.clock.advanceAsync(0)
    expect([it.seen, it.sent[0]?.endpoint, gone.sent, answers.length]).toEqual([200, '10.0.0.1:81', [], 1])
  })

  test('names that cannot be resolved leave no endpoint', async () => {
    const c = cluster('c', [], { discovery: { kind: 'strictDns', endpoints: [endpoint('a.test')] } })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const it = world.call('http://a/')
    await world.clock.advanceAsync(0)
    expect([it.replied?.body, world.record.flags]).toEqual(['no healthy upstream', 'UH'])
  })
})

describe('what is sent', () => {
  const to = (weighted: Partial<WeightedCluster>, more: Parameters<typeof forward>[1] = {}): Promise<World> =>
    simple({ clusters: [{ cluster: 'c', weight: 1, ...weighted }], ...more })

  test('the prepared path, the query untouched', async () => {
    const world = await simple()
    expect(world.call('http://a/x/../%72w?b=%72&c#f').sent[0]?.path).toBe('/rw?b=%72&c')
    expect(world.call('http://a/x?').sent[0]?.path).toBe('/x?')
  })

  test('C047 a rewritten path keeps its query', async () => {
    const match = { path: { kind: 'prefix', value: '/reviews', ignoreCase: false } } as const
    const action = forward('c', { rewrite: { kind: 'prefix', value: '/' } })
    const world = await worldOf(config([host(['a'], [route(action, match)])], [cluster('c', ['10.0.0.1'])]))
    expect(world.call('http://a/reviews?x=1').sent[0]?.path).toBe('/?x=1')
    expect(world.record.path).toBe('/reviews')
  })

  test('a path that a rewrite makes unusable is refused; one that it makes empty stays', async () => {
    const rewrite = { kind: 'regex', pattern: '^/rw/(.*)', substitution: '\\1' } as const
    const world = await to({}, { rewrite })
    const refused = world.call('http://a/rw/x')
    expect([refused.seen, refused.sent, world.record.flags]).toEqual([400, [], '-'])
    expect(world.call('http://a/rw/?q').sent[0]?.path).toBe('/rw/?q')
    expect(world.call('http://a/rw//y').sent[0]?.path).toBe('/y')
  })

  test('C062 the Host of the route beats that of the cluster', async () => {
    expect((await to({ hostRewrite: 'h2' })).call('http://a/').sent[0]?.authority).toBe('h2')
    expect((await to({ hostRewrite: 'h2' }, { hostRewrite: 'h1' })).call('http://a/').sent[0]?.authority).toBe('h1')
    expect((await to({})).call('http://a:81/').sent[0]?.authority).toBe('a:81')
  })

  test("header operations of the cluster run first, then the route's", async () => {
    const world = await to({ requestHeaders: set('x', 'cluster') }, { requestHeaders: set('y', '%REQ(x)% then route') })
    const it = world.call('http://a/')
    expect([it.header('x'), it.header('y')]).toEqual([['cluster'], ['cluster then route']])
  })

  test("the route's operators see the Host that the cluster rewrote", async () => {
    const world = await to(
      { hostRewrite: 'own', requestHeaders: set('x', '%REQ(host)%') },
      { requestHeaders: set('y', '%REQ(host)%') },
    )
    const it = world.call('http://a/')
    expect([it.header('x'), it.header('y')]).toEqual([['a'], ['own']])
  })

  test('operators see path and host as they came, before any rewrite', async () => {
    const value =
      '%REQ(:METHOD)% %REQ(:SCHEME)% %REQ(:AUTHORITY)% %REQ(host)% %REQ(:PATH)% %UPSTREAM_CLUSTER% %PROTOCOL%'
    const world = await to(
      { requestHeaders: set('x', value) },
      { hostRewrite: 'inner', rewrite: { kind: 'prefix', value: '/v1/' } },
    )
    const it = world.call('https://a/p/./q?z')
    expect(it.header('x')).toEqual(['GET https a a /p/q?z c HTTP/1.1'])
    expect(it.sent[0]).toMatchObject({ path: '/v1/p/q?z', authority: 'inner' })
  })

  test('operations see the headers without control headers; the time is that of the call', async () => {
    const world = await to({}, { requestHeaders: set('x', '%REQ(x-envoy-retry-on)%|%START_TIME%') })
    world.clock.advance(1_500)
    const it = world.call('http://a/', { headers: { 'x-envoy-retry-on': '5xx' } })
    expect(it.header('x')).toEqual(['|2026-01-01T00:00:01.500Z'])
  })

  test('headers are prepared once for all attempts', async () => {
    const requestHeaders = { remove: [], set: [], add: [{ name: 'x', value: '1' }] }
    const world = await to({}, { requestHeaders, ...retries({ retryOn: ['5xx'] }) })
    const it = world.call('http://a/', { answers: [503, 200] })
    world.clock.advance(100)
    expect([it.header('x', 1), it.header('x', 2)]).toEqual([['1'], ['1']])
  })

  test('an x-request-id is made where there is none, and kept where there is one', async () => {
    let made = 0
    const world = await simple(retries({ retryOn: ['5xx'] }), { settings: { requestId: () => `id-${++made}` } })
    const it = world.call('http://a/', { answers: [503, 200] })
    world.clock.advance(100)
    expect([it.header('x-request-id', 1), it.header('x-request-id', 2), made]).toEqual([['id-1'], ['id-1'], 1])
    expect(world.call('http://a/', { headers: { 'x-request-id': 'mine' } }).header('x-request-id')).toEqual(['mine'])
    expect((await simple()).call('http://a/').header('x-request-id')).toEqual([])
  })

  test('the attempt count replaces what the caller sent, and can be switched off', async () => {
    const headers = { 'x-envoy-attempt-count': '7' }
    expect((await simple()).call('http://a/', { headers }).header('x-envoy-attempt-count')).toEqual(['1'])
    const off = await simple({}, { settings: { attemptCount: false } })
    expect(off.call('http://a/').header('x-envoy-attempt-count')).toEqual([])
  })
})

describe('what is told of a call', () => {
  test('its record has everything, once', async () => {
    const c = cluster('c', [endpoint('10.0.0.1', { labels: { version: 'v1' } })])
    const hosts = [host(['a'], [route(forward('c', retries({ retryOn: ['5xx'], backoffMaxMs: 1 })), {}, 'name')])]
    const world = await worldOf(config(hosts, [c]))
    const it = world.call('http://a:80/p?q', { method: 'POST', answers: [503, { status: 201, afterMs: 7, bodyMs: 5 }] })
    world.clock.advance(100)
    expect(world.records).toEqual([
      {
        protocol: 'http',
        authority: 'a:80',
        method: 'POST',
        path: '/p',
        target: '/p?q',
        route: 'name',
        statPrefix: '',
        cluster: 'c',
        service: { host: 'c', port: 80 },
        endpoint: '10.0.0.1:80',
        endpointLabels: { version: 'v1' },
        endpointName: '',
        attempts: 2,
        status: 201,
        grpcStatus: undefined,
        flags: '-',
        details: '',
        startedAtMs: 1_767_225_600_000,
        durationMs: 12,
        upstreamMs: 7,
        sizes: { requestBytes: 0, responseBytes: 0, requestMessages: 0, responseMessages: 0 },
        header: expect.any(Function) as unknown,
      },
    ])
    expect(world.record.header('x-envoy-attempt-count')).toBe('2')
    expect([it.call.breadcrumb, it.call.routeName]).toEqual(['a:80 > name > c > 10.0.0.1:80 #2', 'name'])
  })

  test('an answer of the mesh itself has the size of its body, and its gRPC status', async () => {
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [cluster('c', [])]))
    world.call('http://a/')
    expect(world.record).toMatchObject({ status: 503, sizes: { responseBytes: 'no healthy upstream'.length } })
    world.call('http://a/', { headers: { 'content-type': 'application/grpc' } })
    expect(world.record).toMatchObject({ protocol: 'grpc', status: 200, grpcStatus: 14, sizes: { responseBytes: 0 } })
  })

  test('time upstream counts from the end of the request', async () => {
    const world = await simple()
    const it = world.call('http://a/', { body: 'streaming', answers: [{ status: 200, afterMs: 30, bodyMs: 5 }] })
    world.clock.advance(20)
    it.finishBody()
    world.clock.advance(20)
    expect(world.record).toMatchObject({ durationMs: 35, upstreamMs: 10 })
  })

  test('several hear of it, until they leave', async () => {
    const world = await simple()
    const heard: string[] = []
    const leave = world.mesh.observe({ callEnded: ({ path }) => heard.push(path) })
    world.call('http://a/1')
    leave()
    world.call('http://a/2')
    expect([heard, world.records.map(({ path }) => path)]).toEqual([['/1'], ['/1', '/2']])
  })

  test('an endpoint counts what it carries', async () => {
    const world = await simple()
    const it = world.call('http://a/', { answers: [{ status: 500, afterMs: 10, bodyMs: 10 }] })
    const used = it.sent[0]!.attempt.endpoint
    expect([used.activeRequests, used.totalRequests, used.failedRequests]).toEqual([1, 1, 0])
    world.clock.advance(10)
    expect([used.activeRequests, used.failedRequests]).toEqual([1, 1])
    world.clock.advance(10)
    expect([used.activeRequests, used.totalRequests, used.failedRequests]).toEqual([0, 1, 1])
  })

  test('a caller that gives up after the head leaves the status and DC', async () => {
    const world = await simple()
    const it = world.call('http://a/', { answers: [{ status: 200, bodyMs: Infinity }] })
    it.cancel()
    expect([world.record.status, world.record.flags, it.aborted]).toEqual([200, 'DC', 1])
  })

  test('C106 in split mode a connection that is made ends a row of failed ones', async () => {
    const policy = { ...outlierDetection, splitExternalLocalOriginErrors: true }
    const c = cluster('c', ['10.0.0.1'], { outlierDetection: policy })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const times = (count: number, answer: Answer): void => {
      for (let i = 0; i < count; i++) world.call('http://a/', { answers: [answer] })
    }
    times(4, 'connectFailure')
    times(1, 503)
    times(4, 'connectFailure')
    expect(world.endpoint('c', '10.0.0.1:80').ejected).toBe(false)
    times(1, 'connectTimeout')
    expect(world.endpoint('c', '10.0.0.1:80').ejected).toBe(true)
  })

  test('reports of an attempt that is over are dropped', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503, 'hangs'] })
    const { attempt } = it.sent[0]!
    const late = (): void => {
      attempt.ready()
      expect(attempt.head(200, undefined, false)).toBe(false)
      attempt.failed('remoteReset', undefined)
      attempt.finished()
      attempt.unready()
    }
    late()
    world.clock.advance(1_000)
    late()
    expect([it.sent.length, it.seen, world.records, attempt.endpoint.activeRequests]).toEqual([2, undefined, [], 0])
    it.cancel()
    late()
    expect(world.records).toHaveLength(1)
  })

  test('ejections and returns are told', async () => {
    const events: string[] = []
    const c = cluster('c', ['10.0.0.1'], { outlierDetection })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]), {
      observer: {
        endpointEjected: (event) => events.push(`${event.cluster} ${event.endpoint} ${event.reason}`),
        endpointReturned: (event) => events.push(`${event.cluster} ${event.endpoint} returned`),
      },
    })
    for (let i = 0; i < 5; i++) world.call('http://a/', { answers: [500] })
    world.clock.advance(30_000)
    expect(events).toEqual(['c 10.0.0.1:80 5 consecutive errors', 'c 10.0.0.1:80 returned'])
  })
})

describe('a configuration that changes during a call', () => {
  test('does not move it: the route stays as it was, the endpoints are those of now', async () => {
    const world = await simple({
      ...retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }),
      requestHeaders: set('x', 'old'),
    })
    const it = world.call('http://a/', { answers: [503, 200] })
    await world.apply(
      config([host(['a'], [route({ kind: 'directResponse', status: 418 })])], [cluster('c', ['10.5.5.5'])]),
    )
    world.clock.advance(1_000)
    expect([it.seen, it.sent[1]?.endpoint, it.header('x', 2)]).toEqual([200, '10.5.5.5:80', ['old']])
    expect(world.call('http://a/').seen).toBe(418)
  })

  test('a retry whose cluster is gone is a 503 NC', async () => {
    const world = await simple(retries({ retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const it = world.call('http://a/', { answers: [503, 200] })
    await world.apply(config([], []))
    world.clock.advance(1_000)
    expect([it.seen, it.sent.length, world.record.flags]).toEqual([503, 1, 'NC'])
  })

  test('an attempt under way on a cluster that is gone comes to its end', async () => {
    const world = await simple({ timeoutMs: 5_000 })
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 1_000 }] })
    const failing = world.call('http://a/', { answers: [{ fails: 'connectionTermination', afterMs: 1_000 }] })
    await world.apply(config([], []))
    world.clock.advance(1_000)
    expect([it.seen, it.complete, failing.seen]).toEqual([200, true, 503])
    expect(it.sent[0]?.attempt.endpoint.activeRequests).toBe(0)
  })

  test('who waits for names of a cluster that is gone hears NC', async () => {
    const c = cluster('c', [], { discovery: { kind: 'strictDns', endpoints: [endpoint('a.test')] } })
    const resolver = { resolve: () => new Promise<never>(() => undefined) }
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]), { resolver })
    const it = world.call('http://a/')
    await world.apply(config([], []))
    expect([it.seen, world.record.flags]).toEqual([503, 'NC'])
  })
})

describe('a mesh that is closed', () => {
  test('answers new calls with 503', async () => {
    const world = await simple()
    await world.mesh.close()
    expect(world.call('http://a/').replied).toMatchObject({ status: 503, code: 'MESH_CLOSED', details: 'mesh_closed' })
  })

  test('ends back-off and fault delays at once: nothing keeps the process', async () => {
    const delay = { fault: { delay: { delayMs: 60_000, percent: { numerator: 1_000_000 } } } }
    const backOff = retries({ retryOn: ['5xx'], backoffBaseMs: 60_000, backoffMaxMs: 60_000 })
    for (const [action, answers] of [
      [delay, [200]],
      [backOff, [503, 200]],
    ] as const) {
      const world = await simple(action)
      const it = world.call('http://a/', { answers })
      expect([it.seen, world.clock.foregroundTimers]).toEqual([undefined, 1])
      await world.mesh.close()
      expect([it.replied?.code, world.clock.pendingTimers]).toEqual(['MESH_CLOSED', 0])
    }
  })

  test('retries nothing, and a call that waited says why it ended', async () => {
    const world = await simple(retries({ retryOn: ['5xx', 'reset'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 }))
    const waiting = world.call('http://a/', { answers: [503, 200] })
    const failing = world.call('http://a/', { answers: [{ fails: 'connectionTermination', afterMs: 10 }] })
    await world.mesh.close()
    world.clock.advance(10)
    expect([failing.sent.length, failing.replied?.code]).toEqual([1, 'MESH_CLOSED'])
    world.clock.advance(1_000)
    expect([waiting.sent.length, waiting.replied?.code]).toEqual([1, 'MESH_CLOSED'])
  })
})

test('whatever becomes of its attempts, a call ends once and leaves nothing behind', async () => {
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    fc.constantFrom<Answer>('hangs', 'waits', 'connectFailure', 'remoteReset', 'overflow', 200, 409, 500, 503),
    fc.record({ status: fc.constantFrom(200, 503), afterMs: fc.nat(300), bodyMs: fc.nat(300) }),
    fc.record({ status: fc.constant(200), bodyMs: fc.nat(50), breaks: fc.constant('remoteReset' as const) }),
    fc.record({
      fails: fc.constantFrom('connectionTermination' as const, 'refusedStream' as const),
      afterMs: fc.nat(300),
    }),
  )
  const call = fc.record({
    answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
    startMs: fc.nat(200),
    cancelMs: fc.option(fc.nat(600), { nil: undefined }),
    finishMs: fc.option(fc.nat(200), { nil: undefined }),
  })
  const deed = fc.record({ atMs: fc.nat(500), what: fc.constantFrom('remove', 'restore', 'other endpoints') })
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 8 }),
      fc.array(deed, { maxLength: 3 }),
      async (calls, deeds) => {
        const policy = retries({ numRetries: 3, retryOn: ['5xx', 'reset', 'connect-failure'], perTryTimeoutMs: 150 })
        const hosts = [host(['a'], [route(forward('c', { timeoutMs: 400, ...policy }))])]
        const limited = { circuitBreakers: { ...noLimits, maxRetries: 2, maxRequests: 5 }, outlierDetection }
        const c = cluster('c', ['10.0.0.1', '10.0.0.2'], limited)
        const world = await worldOf(config(hosts, [c]))
        const started = calls.map((words) => {
          const body = words.finishMs === undefined ? 'complete' : 'streaming'
          return { words, body, exchange: undefined as ReturnType<World['call']> | undefined } as const
        })
        const exchanges = new Map<number, ReturnType<World['call']>>()
        for (let now = 0; now <= 3_000; now += 10) {
          const due = (ms: number | undefined): boolean => ms !== undefined && ms >= now - 10 && ms < now
          for (const { atMs, what } of deeds) {
            if (!due(atMs)) continue
            const clusters =
              what === 'remove' ? [] : [what === 'restore' ? c : cluster('c', ['10.0.0.2', '10.0.0.3'], limited)]
            await world.apply(config(hosts, clusters))
          }
          started.forEach(({ words, body }, i) => {
            if (due(words.startMs)) exchanges.set(i, world.call('http://a/', { answers: words.answers, body }))
            if (words.finishMs !== undefined && due(words.startMs + words.finishMs)) exchanges.get(i)?.finishBody()
            if (words.cancelMs !== undefined && due(words.startMs + words.cancelMs)) exchanges.get(i)?.cancel()
          })
          world.clock.advance(10)
        }
        expect(world.records).toHaveLength(calls.length)
        for (const { sent } of exchanges.values())
          for (const { attempt } of sent) expect([attempt.endpoint.activeRequests, attempt.phase]).toEqual([0, 'over'])
        await expectNothingLeft()
      },
    ),
    { numRuns: 150 },
  )
})

describe('a mesh without configuration', () => {
  const toA = (): ReturnType<typeof config> =>
    config([host(['a'], [route(forward('c'))])], [cluster('c', ['10.0.0.1'])])

  test('lets calls wait for the first one', async () => {
    const house = new House(undefined)
    const it = house.call('http://a/')
    expect(it.seen).toBeUndefined()
    await house.apply(toA())
    expect([it.seen, house.record.cluster]).toEqual([200, 'c'])
  })

  test('forgets a call whose caller gives up meanwhile', async () => {
    const house = new House(undefined)
    const it = house.call('http://a/')
    it.cancel()
    await house.apply(toA())
    expect([it.sent.length, house.record.flags]).toEqual([0, 'DC'])
  })

  test('answers those that wait when it closes', async () => {
    const house = new House(undefined)
    const it = house.call('http://a/')
    await house.mesh.close()
    expect(it.replied).toMatchObject({ status: 503, code: 'MESH_CLOSED' })
  })

  test('answers all when the source says that there is none, until there is one', async () => {
    const house = new House(undefined)
    const waiting = house.call('http://a/')
    const problem = {
      code: 'X',
      severity: 'error',
      outcome: 'void',
      resource: 'dir',
      path: '',
      message: 'gone',
    } as const
    house.source.sink.problem(problem)
    const later = house.call('http://a/')
    for (const it of [waiting, later]) {
      expect(it.replied).toMatchObject({ status: 503, code: 'CONFIG_UNAVAILABLE', details: 'no_configuration' })
      expect(it.replied?.body).toContain('dir: gone')
    }
    await house.apply(toA())
    expect(house.call('http://a/').seen).toBe(200)
  })
})

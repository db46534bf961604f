// What surrounds a call: inherited headers, deadline, criticality, and what code around it has set. FIELD 2f, 4.
import { afterEach, describe, expect, test } from 'vitest'
import type { ForwardAction, Route } from '../model/route.ts'
import { cluster, config, forward, host, outlierDetection, retryPolicy, route } from '../model/config.suite.ts'
import type { FakeExchange } from './fake-exchange.suite.ts'
import type { CallScope, Surroundings } from './scope.ts'
import { expectNothingLeft, retries, type World, type WorldOptions, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const nothing: CallScope = {
  headers: [],
  deadlineAtMs: Infinity,
  criticality: undefined,
  timeoutMs: undefined,
  timeoutWins: false,
  retries: true,
  variant: undefined,
}

/** What a test says surrounds the next calls. */
class Said implements Surroundings {
  scope: CallScope | undefined = undefined
  asked = 0

  current(): CallScope | undefined {
    this.asked++
    return this.scope
  }

  surround(): <T>(next: () => T) => T {
    return (next) => next()
  }
}

interface Story {
  readonly world: World
  readonly said: Said
}

async function meshOf(
  action: Partial<ForwardAction> = {},
  more: WorldOptions = {},
  routes: readonly Route[] = [],
): Promise<Story> {
  const said = new Said()
  const of = (variant: string, address: string) =>
    cluster(`c ${variant}`, [address], { service: { host: 'c', port: 80, variant } })
  const clusters = [
    cluster('c', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], {
      outlierDetection: { ...outlierDetection, consecutive5xx: 1 },
    }),
    of('v1', '10.0.1.1'),
    of('v2', '10.0.2.1'),
    cluster('m', ['10.1.0.1']),
  ]
  const world = await worldOf(config([host(['a'], [...routes, route(forward('c', action))])], clusters), {
    ...more,
    surroundings: said,
  })
  return { world, said }
}

/** Of which so many milliseconds are left now. */
const within = ({ world }: Story, ms: number): CallScope => ({ ...nothing, deadlineAtMs: world.clock.now() + ms })
const grpc = { 'content-type': 'application/grpc' }

describe('inherited headers', () => {
  const jason = route(forward('c v2'), {
    headers: [{ name: 'end-user', match: { kind: 'exact', value: 'jason' }, invert: false }],
  })

  test('are seen by rules and are sent', async () => {
    const { world, said } = await meshOf({}, {}, [jason])
    said.scope = { ...nothing, headers: ['end-user', 'jason', 'baggage', 'a=1', 'baggage', 'b=2'] }
    const it = world.call('http://a/')
    expect([it.sent[0]?.endpoint, it.header('end-user'), it.header('baggage')]).toEqual([
      '10.0.2.1:80',
      ['jason'],
      ['a=1', 'b=2'],
    ])
    said.scope = undefined
    expect(world.call('http://a/').sent[0]?.endpoint).not.toBe('10.0.2.1:80')
  })

  test('are never put over one that the application has set', async () => {
    const { world, said } = await meshOf({}, {}, [jason])
    said.scope = { ...nothing, headers: ['end-user', 'jason'], criticality: 'CRITICAL' }
    const it = world.call('http://a/', { headers: { 'end-user': 'anna', 'x-mesh-criticality': 'SHEDDABLE' } })
    expect(it.header('end-user')).toEqual(['anna'])
    expect(it.header('x-mesh-criticality')).toEqual(['SHEDDABLE'])
    expect(it.sent[0]?.endpoint).not.toBe('10.0.2.1:80')
  })

  test('are edited by rules as any other', async () => {
    const requestHeaders = { remove: ['x-gone'], set: [{ name: 'x-user', value: '%REQ(end-user)%' }], add: [] }
    const { world, said } = await meshOf({ requestHeaders })
    said.scope = { ...nothing, headers: ['end-user', 'jason', 'x-gone', '1'] }
    const it = world.call('http://a/')
    expect([it.header('x-gone'), it.header('x-user')]).toEqual([[], ['jason']])
  })

  test('turn consistent balancers', async () => {
    const said = new Said()
    const c = cluster('c', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], {
      loadBalancer: { kind: 'ringHash', minimumRingSize: 1024 },
    })
    const action = forward('c', { hashPolicies: [{ kind: 'header', name: 'end-user' }] })
    const world = await worldOf(config([host(['a'], [route(action)])], [c]), { surroundings: said })
    const endpointsOf = (user: string): Set<string | undefined> => {
      said.scope = { ...nothing, headers: ['end-user', user] }
      return new Set(Array.from({ length: 10 }, () => world.call('http://a/').sent[0]?.endpoint))
    }
    const sets = ['anna', 'jason', 'eve', 'mallory', 'bob'].map(endpointsOf)
    expect(sets.map(({ size }) => size)).toEqual([1, 1, 1, 1, 1])
    expect(new Set(sets.flatMap((set) => [...set])).size).toBeGreaterThan(1)
  })

  test('stay in the mesh: a host that nobody claims sees none, nor headers of the mesh that the application has copied', async () => {
    const story = await meshOf()
    const { world, said } = story
    said.scope = { ...within(story, 500), headers: ['end-user', 'jason'], criticality: 'CRITICAL' }
    const copied = { 'x-mesh-deadline-ms': '900', 'x-mesh-criticality': 'CRITICAL', 'x-own': '1' }
    const it = world.call('http://10.9.9.9/', { headers: copied })
    const names = it.sent[0]?.headers.filter((_, i) => i % 2 === 0)
    expect([it.seen, names]).toEqual([200, ['x-own', 'x-envoy-attempt-count']])
  })

  test('stay behind where the service is not of the mesh, though rules have seen them; copies to it are without, too', async () => {
    const said = new Said()
    const clusters = [cluster('in', ['10.0.0.1']), cluster('out', ['10.0.0.2'], { external: true })]
    const mirrors = (to: string) => [{ cluster: to, percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
    const jasons = { headers: [{ name: 'end-user', match: { kind: 'exact', value: 'jason' }, invert: false }] } as const
    const routes = [
      route(forward('out', { mirrors: mirrors('in') }), jasons),
      route(forward('in', { mirrors: mirrors('out') })),
    ]
    const world = await worldOf(config([host(['a'], routes)], clusters), { surroundings: said })
    const names = (it: FakeExchange | undefined) => it?.sent[0]?.headers.filter((_, i) => i % 2 === 0)
    const scope = { ...nothing, deadlineAtMs: world.clock.now() + 500, criticality: 'CRITICAL' }
    said.scope = { ...scope, headers: ['end-user', 'jason', 'x-request-id', 'id'] }
    const out = world.call('http://a/', { headers: { 'x-own': '1' } })
    expect([out.sent[0]?.endpoint, names(out)]).toEqual(['10.0.0.2:80', ['x-own', 'x-envoy-attempt-count']])
    said.scope = { ...scope, headers: ['end-user', 'anna'] }
    const inside = world.call('http://a/', { headers: { 'x-own': '1' } })
    expect(names(inside)).toContain('end-user')
    expect(names(inside)).toContain('x-mesh-deadline-ms')
    expect(names(inside.copies[0])).toEqual(['x-own', 'x-envoy-attempt-count'])
  })

  test('are asked for once a call, however many attempts it takes, and go with each', async () => {
    const { world, said } = await meshOf(retries({ numRetries: 2, retryOn: ['5xx'] }))
    said.scope = { ...nothing, headers: ['end-user', 'jason'] }
    const it = world.call('http://a/', { answers: [503, 503, 200] })
    said.scope = { ...nothing, headers: ['end-user', 'eve'] }
    world.clock.advance(1_000)
    expect([it.seen, said.asked]).toEqual([200, 1])
    expect([1, 2, 3].map((attempt) => it.header('end-user', attempt))).toEqual([['jason'], ['jason'], ['jason']])
  })

  test('are not those of the trace where somebody follows the call', async () => {
    const { world, said } = await meshOf()
    said.scope = {
      ...nothing,
      headers: ['traceparent', '00-a', 'x-b3-traceid', 'a', 'x-request-id', '1', 'baggage', 'b=2'],
    }
    expect(world.call('http://a/').header('traceparent')).toEqual(['00-a'])
    const attempt = { inject: () => undefined, within: (send: () => void) => send(), ended: () => undefined }
    const trace = { carries: true, attemptStarted: () => attempt, ended: () => undefined }
    world.mesh.tracer = { callStarted: () => trace }
    const it = world.call('http://a/')
    const names = it.sent[0]?.headers.filter((_, i) => i % 2 === 0)
    expect(names).toEqual(['x-request-id', 'baggage', 'x-envoy-attempt-count'])
  })

  test('go with gRPC calls as far as those can have them', async () => {
    const { world, said } = await meshOf()
    said.scope = { ...nothing, headers: ['end-user', 'jason', 'x-name', 'J\u00fcrgen', 'x!y', '1'] }
    const it = world.call('http://a/', { headers: grpc })
    expect([it.header('end-user'), it.header('x-name'), it.header('x!y')]).toEqual([['jason'], [], []])
    expect(world.call('http://a/').header('x-name')).toEqual(['J\u00fcrgen'])
  })

  test('go with copies', async () => {
    const mirrors = [{ cluster: 'm', percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
    const story = await meshOf({ mirrors })
    story.said.scope = { ...within(story, 500), headers: ['end-user', 'jason'], criticality: 'CRITICAL', variant: 'v2' }
    const it = story.world.call('http://a/')
    const [copy] = it.copies
    expect([it.sent[0]?.endpoint, copy?.sent[0]?.endpoint]).toEqual(['10.0.2.1:80', '10.1.0.1:80'])
    expect(copy?.header('end-user')).toEqual(['jason'])
    expect(copy?.header('x-mesh-deadline-ms')).toEqual(['500'])
    expect(copy?.header('x-mesh-criticality')).toEqual(['CRITICAL'])
  })
})

describe('a deadline', () => {
  test('that is spent fails the call before any attempt', async () => {
    const story = await meshOf()
    story.said.scope = within(story, 0)
    const it = story.world.call('http://a/')
    expect([it.seen, it.sent.length, it.replied?.body]).toEqual([504, 0, 'deadline exceeded'])
    expect(it.replied?.code).toBe('DEADLINE_EXCEEDED')
    expect(story.world.record).toMatchObject({ flags: 'DT', details: 'max_duration_timeout', attempts: 0, status: 504 })
    expect(story.world.mesh.status().clusters.filter(({ inUse }) => inUse)).toEqual([])
  })

  test.each([4, 14] as const)(
    'that is spent is DEADLINE_EXCEEDED in gRPC, also where timeouts are %i',
    async (grpcTimeoutStatus) => {
      const story = await meshOf({}, { settings: { grpcTimeoutStatus } })
      story.said.scope = within(story, -5)
      const it = story.world.call('http://a/', { headers: grpc })
      expect([it.seen, it.sent.length, it.replyHeader('grpc-status')]).toEqual([200, 0, '4'])
    },
  )

  test("that passes ends the call, and the endpoint is not blamed for its caller's haste", async () => {
    const story = await meshOf({ timeoutMs: 5_000, ...retries({ retryOn: ['5xx'] }) })
    const { world } = story
    story.said.scope = within(story, 300)
    const it = world.call('http://a/', { answers: ['hangs'] })
    world.clock.advance(299)
    expect(it.seen).toBeUndefined()
    world.clock.advance(1)
    expect([it.seen, it.aborted, it.sent.length, world.record.flags]).toEqual([504, 1, 1, 'DT'])
    const status = world.mesh.status().clusters.find(({ name }) => name === 'c')
    expect([status?.ejectionsActive, status?.endpoints.map(({ failedRequests }) => failedRequests)]).toEqual([
      0,
      [0, 0, 0],
    ])
  })

  test("does not lengthen the route's timeout", async () => {
    const story = await meshOf({ timeoutMs: 100 })
    story.said.scope = within(story, 300)
    const it = story.world.call('http://a/', { answers: ['hangs'] })
    story.world.clock.advance(100)
    expect([it.seen, story.world.record.flags]).toEqual([504, 'UT'])
  })

  test('is told to each attempt as what is left at that moment, or as its own timeout where that is less', async () => {
    const policy = retries({ numRetries: 2, perTryTimeoutMs: 200, retryOn: ['5xx'], backoffBaseMs: 1, backoffMaxMs: 1 })
    const story = await meshOf(policy)
    story.said.scope = within(story, 550)
    const it = story.world.call('http://a/', { answers: ['hangs'] })
    story.world.clock.advance(10_000)
    expect([1, 2, 3].map((attempt) => it.header('x-mesh-deadline-ms', attempt)[0])).toEqual(['200', '200', '150'])
    expect([it.seen, story.world.record.flags]).toEqual([504, 'DT'])
  })

  test('leaves no room for a retry that it would cut off', async () => {
    const policy = retries({ numRetries: 5, retryOn: ['5xx'], backoffBaseMs: 1_000, backoffMaxMs: 1_000 })
    const story = await meshOf(policy)
    story.said.scope = within(story, 2)
    const it = story.world.call('http://a/', { answers: [503] })
    story.world.clock.advance(10_000)
    expect(it.sent).toHaveLength(1)
  })

  test('holds while the call waits: for a fault to be over, for a connection, for its body', async () => {
    const fault = { delay: { delayMs: 5_000, percent: { numerator: 1_000_000 } } }
    const slow = route(forward('c', { fault }), { path: { kind: 'prefix', value: '/slow', ignoreCase: false } })
    const story = await meshOf({}, {}, [slow])
    story.said.scope = within(story, 100)
    const calls = [
      story.world.call('http://a/slow'),
      story.world.call('http://a/', { answers: ['waits'] }),
      story.world.call('http://a/', { answers: ['hangs'], body: 'streaming' }),
    ]
    story.world.clock.advance(100)
    expect(calls.map((it) => it.seen)).toEqual([504, 504, 504])
    expect(calls.map((it) => it.sent.length)).toEqual([0, 1, 1])
    story.world.clock.advance(10_000)
  })

  test('holds while a host is asked for, and before the first configuration', async () => {
    const origin = { resource: 'test', path: '' }
    const said = new Said()
    const world = await worldOf(config([], [], { unknownHosts: { kind: 'ask', origin } }), { surroundings: said })
    said.scope = { ...nothing, deadlineAtMs: world.clock.now() + 100 }
    const it = world.call('http://a/')
    world.clock.advance(100)
    expect(it.seen).toBe(504)
    await world.apply(config([host(['a'], [route(forward('c'))])], [cluster('c', ['10.0.0.1'])]))
    expect(it.sent).toEqual([])
  })

  test('that holds no more when it passes lets the call go on', async () => {
    const story = await meshOf()
    let deadlineAtMs = story.world.clock.now() + 100
    story.said.scope = {
      ...nothing,
      get deadlineAtMs() {
        return deadlineAtMs
      },
    }
    const it = story.world.call('http://a/', { answers: [{ status: 200, afterMs: 5_000 }] })
    deadlineAtMs = Infinity
    story.world.clock.advance(5_000)
    expect([it.seen, it.complete]).toEqual([200, true])
  })

  test('breaks off a response that was passed on', async () => {
    const story = await meshOf()
    story.said.scope = within(story, 100)
    const it = story.world.call('http://a/', { answers: [{ status: 200, bodyMs: 5_000 }] })
    story.world.clock.advance(100)
    expect([it.seen, it.complete, String(it.brokenOff)]).toEqual([
      200,
      false,
      expect.stringContaining('deadline exceeded [DEADLINE_EXCEEDED]'),
    ])
    expect(story.world.record.flags).toBe('DT')
  })

  test('that the application has written into the request holds for it, and is told as what is left', async () => {
    const { world } = await meshOf(retries({ numRetries: 1, retryOn: ['5xx'], backoffBaseMs: 100, backoffMaxMs: 100 }))
    const it = world.call('http://a/', {
      headers: { 'x-mesh-deadline-ms': '900' },
      answers: [{ status: 503, afterMs: 300 }, 'hangs'],
    })
    world.clock.advance(899)
    expect([it.sent.length, it.header('x-mesh-deadline-ms')]).toEqual([2, ['900']])
    expect(Number(it.header('x-mesh-deadline-ms', 2)[0])).toBe(900 - it.sent[1]!.atMs + it.sent[0]!.atMs)
    world.clock.advance(1)
    expect(it.seen).toBe(504)
  })

  test('is told in gRPC as grpc-timeout too, the lesser of both', async () => {
    const story = await meshOf()
    const told = (timeout: string | undefined): string | undefined => {
      story.said.scope = within(story, 500)
      const headers = { ...grpc, ...(timeout === undefined ? {} : { 'grpc-timeout': timeout }) }
      return story.world.call('http://a/', { headers }).header('grpc-timeout')[0]
    }
    expect([told(undefined), told('2S'), told('100m'), told('soon')]).toEqual(['500m', '500m', '100m', '500m'])
  })
})

describe('what code around a call sets', () => {
  test.each([
    ["the route's where it is shorter", 1_000, { timeoutMs: 3_000 }, 1_000],
    ['its own where that is shorter', 1_000, { timeoutMs: 300 }, 300],
    ['its own where the route has none', 0, { timeoutMs: 300 }, 300],
    ['its own, where it may be longer', 1_000, { timeoutMs: 3_000, timeoutWins: true }, 3_000],
    ['none, where it may', 1_000, { timeoutMs: 0, timeoutWins: true }, 60_000],
  ])('the timeout is %s', async (_, timeoutMs, scope, afterMs) => {
    const { world, said } = await meshOf({ timeoutMs })
    said.scope = { ...nothing, ...scope }
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 60_000 }] })
    world.clock.advance(afterMs - 1)
    expect(it.seen).toBeUndefined()
    world.clock.advance(1)
    expect(it.seen).toBe(afterMs === 60_000 ? 200 : 504)
  })

  test('without retries there is one attempt', async () => {
    const { world, said } = await meshOf(retries({ numRetries: 2, retryOn: ['5xx'] }))
    said.scope = { ...nothing, retries: false }
    const it = world.call('http://a/', { answers: [503] })
    world.clock.advance(1_000)
    expect([it.seen, it.sent.length, world.record.flags]).toEqual([503, 1, '-'])
  })

  test('without retries nothing is hedged either', async () => {
    const said = new Said()
    const hedging = { percentile: 0.95, minDelayMs: 1, maxBlockedMs: 50 }
    const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { adaptive: { hedging } })
    const world = await worldOf(config([host(['a'], [route(forward('c', { retry: retryPolicy }))])], [c]), {
      surroundings: said,
    })
    for (let i = 0; i < 100; i++) {
      world.call('http://a/', { answers: [{ status: 200, afterMs: 20 }] })
      world.clock.advance(20)
    }
    const attempts = (): number => {
      const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 500 }], hedges: true })
      world.clock.advance(500)
      return it.sent.length
    }
    expect(attempts()).toBe(2)
    said.scope = { ...nothing, retries: false }
    expect(attempts()).toBe(1)
  })

  test('another variant of the service that the route has chosen answers', async () => {
    const { world, said } = await meshOf()
    said.scope = { ...nothing, variant: 'v2' }
    expect(world.call('http://a/').sent[0]?.endpoint).toBe('10.0.2.1:80')
    expect(world.record.cluster).toBe('c v2')
  })

  test('a variant that does not exist is a missing cluster, and says so', async () => {
    const { world, said } = await meshOf()
    said.scope = { ...nothing, variant: 'v9' }
    const it = world.call('http://a/')
    expect([it.seen, it.sent.length, world.record.flags]).toEqual([503, 0, 'NC'])
    expect(it.replied?.body).toBe('the service has no "v9" that calls could be led to')
  })
})

test('explain accounts for what surrounds whoever asks', async () => {
  const story = await meshOf({ timeoutMs: 5_000, ...retries({ retryOn: ['5xx'] }) })
  const { world, said } = story
  said.scope = {
    ...within(story, 800),
    headers: ['end-user', 'jason'],
    criticality: 'CRITICAL',
    timeoutMs: 400,
    retries: false,
    variant: 'v2',
  }
  const told = world.mesh.explain({ url: 'http://a/' })
  expect(told.outcome.cluster).toBe('c v2')
  expect(String(told)).toMatch(/inherited +end-user: jason\n/)
  expect(String(told)).toMatch(/inherited +x-mesh-criticality: CRITICAL\n/)
  expect(String(told)).toMatch(/deadline +800 ms are left\n/)
  expect(String(told)).toMatch(/timeout +400 ms for all attempts, by the code around the call\n/)
  expect(String(told)).toMatch(/retries +none, by the code around the call/)
  world.clock.advance(800)
  expect(world.mesh.explain({ url: 'http://a/' }).outcome.answer).toBe('504 DT')
})

// Timeouts of calls and of their attempts, SEMANTICS 4.
import { afterEach, describe, expect, test } from 'vitest'
import { MeshError } from '../base/error.ts'
import { cluster, config, forward, host, outlierDetection, route } from '../model/config.suite.ts'
import { viewOf } from '../route/request.suite.ts'
import { attemptTimeoutMs, formatGrpcTimeout, parseGrpcTimeout, timeoutsOf } from './deadline.ts'
import { expectNothingLeft, retries, simple, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const grpcCall = (timeout?: string): Record<string, string> => ({
  'content-type': 'application/grpc',
  ...(timeout === undefined ? {} : { 'grpc-timeout': timeout }),
})

describe('the timeout of the call', () => {
  test('C069 without one nothing ends a call', async () => {
    const world = await simple()
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 20_000 }] })
    world.clock.advance(20_000)
    expect(it.seen).toBe(200)
  })

  test('C070 C071 a response that takes longer is a 504 UT', async () => {
    const world = await simple({ timeoutMs: 10_000 })
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 11_000 }] })
    world.clock.advance(9_999)
    expect(it.seen).toBeUndefined()
    world.clock.advance(1)
    expect(it.replied).toMatchObject({ status: 504, body: 'upstream request timeout', details: 'response_timeout' })
    expect(world.record).toMatchObject({ status: 504, flags: 'UT', attempts: 1, durationMs: 10_000 })
    expect(it.aborted).toBe(1)
  })

  test('C072 a body that takes longer breaks off after its head', async () => {
    const world = await simple({ timeoutMs: 200 })
    const it = world.call('http://a/', { answers: [{ status: 200, bodyMs: 500 }] })
    expect(it.status).toBe(200)
    world.clock.advance(200)
    expect([it.complete, it.aborted, it.replied]).toEqual([false, 1, undefined])
    expect(it.brokenOff).toBeInstanceOf(MeshError)
    expect(it.brokenOff).toMatchObject({
      code: 'TIMEOUT',
      flags: 'UT',
      breadcrumb: `a > r > c > ${it.sent[0]?.endpoint} #1`,
    })
    expect(world.record).toMatchObject({ status: 200, flags: 'UT' })
  })

  test('of gRPC, what breaks off has the status that its caller is told', async () => {
    const headers = grpcCall()
    const late = await simple({ timeoutMs: 200 })
    late.call('http://a/', { headers, answers: [{ status: 200, bodyMs: 500 }] })
    late.clock.advance(200)
    expect(late.record).toMatchObject({ status: 200, grpcStatus: 14, flags: 'UT' })

    const reset = await simple()
    reset.call('http://a/', { headers, answers: [{ status: 200, bodyMs: 5, breaks: 'remoteReset' }] })
    reset.clock.advance(5)
    expect(reset.record).toMatchObject({ status: 200, grpcStatus: 14, flags: 'UR' })

    const left = await simple()
    left.call('http://a/', { headers, answers: [{ status: 200, bodyMs: 5 }] }).cancel()
    expect(left.record).toMatchObject({ status: 200, grpcStatus: 1, flags: 'DC' })
  })

  test('a response that ends in time leaves no deadline', async () => {
    const world = await simple({ timeoutMs: 200 })
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 100, bodyMs: 99 }] })
    world.clock.advance(1_000)
    expect([it.complete, world.record.flags, world.record.durationMs]).toEqual([true, '-', 199])
  })

  test('it spans all attempts and the waits between them', async () => {
    const world = await simple({
      timeoutMs: 1_000,
      ...retries({ numRetries: 9, retryOn: ['5xx'], backoffBaseMs: 1, backoffMaxMs: 1 }),
    })
    const it = world.call('http://a/', { answers: [{ status: 503, afterMs: 300 }] })
    world.clock.advance(1_000)
    expect([it.sent.length, it.seen, world.record.flags]).toEqual([4, 504, 'UT'])
  })

  test('it ends a wait between attempts', async () => {
    const world = await simple({
      timeoutMs: 300,
      ...retries({ retryOn: ['5xx'], backoffBaseMs: 100_000, backoffMaxMs: 100_000 }),
    })
    const it = world.call('http://a/', { answers: [503] })
    world.clock.advance(300)
    expect([it.sent.length, it.seen, world.record.flags, world.clock.foregroundTimers]).toEqual([1, 504, 'UT', 0])
  })

  test('it holds while the call waits for a connection', async () => {
    const world = await simple({ timeoutMs: 300 })
    const it = world.call('http://a/', { answers: ['waits'] })
    world.clock.advance(300)
    expect([it.seen, it.aborted, world.record.flags]).toEqual([504, 1, 'UT'])
  })

  test('it counts from the end of the request, not from its start', async () => {
    const world = await simple({ timeoutMs: 200 })
    const it = world.call('http://a/', { answers: ['hangs'], body: 'streaming' })
    world.clock.advance(5_000)
    expect(it.seen).toBeUndefined()
    it.finishBody()
    it.finishBody()
    world.clock.advance(199)
    expect(it.seen).toBeUndefined()
    world.clock.advance(1)
    expect([it.seen, world.record.flags]).toEqual([504, 'UT'])
  })

  test('a response before the end of the request is passed on; its body counts from that end', async () => {
    const world = await simple({ timeoutMs: 200 })
    const it = world.call('http://a/', { answers: [{ status: 200, bodyMs: Infinity }], body: 'streaming' })
    world.clock.advance(1_000)
    expect(it.status).toBe(200)
    it.finishBody()
    world.clock.advance(200)
    expect(it.brokenOff).toBeDefined()
  })

  test('the end of a request whose call is over starts nothing', async () => {
    const world = await simple({ timeoutMs: 200 })
    const it = world.call('http://a/', { answers: [503], body: 'streaming' })
    it.finishBody()
    expect([it.seen, world.clock.pendingTimers]).toEqual([503, 0])
  })

  test('C107 timeouts count against the endpoint', async () => {
    const c = cluster('c', ['10.0.0.1'], { outlierDetection })
    const world = await worldOf(config([host(['a'], [route(forward('c', { timeoutMs: 100 }))])], [c]))
    for (let i = 0; i < 5; i++) {
      world.call('http://a/', { answers: ['hangs'] })
      world.clock.advance(100)
    }
    expect(world.endpoint('c', '10.0.0.1:80').ejected).toBe(true)
    expect(world.call('http://a/').replied?.body).toBe('no healthy upstream')
  })

  test('a call that waits for a connection says nothing about the endpoint when it times out', async () => {
    const c = cluster('c', ['10.0.0.1'], { outlierDetection })
    const world = await worldOf(config([host(['a'], [route(forward('c', { timeoutMs: 100 }))])], [c]))
    for (let i = 0; i < 9; i++) {
      world.call('http://a/', { answers: ['waits'] })
      world.clock.advance(100)
    }
    expect(world.endpoint('c', '10.0.0.1:80').ejected).toBe(false)
  })
})

describe('the timeout of an attempt', () => {
  test('is not retried under the default conditions', async () => {
    const world = await simple(retries({ perTryTimeoutMs: 200, retryOn: ['connect-failure', 'refused-stream'] }))
    const it = world.call('http://a/', { answers: ['hangs'] })
    world.clock.advance(10_000)
    expect([it.sent.length, it.replied?.details]).toEqual([1, 'upstream_per_try_timeout'])
    expect(world.record).toMatchObject({ status: 504, flags: 'UT', durationMs: 200 })
  })

  test('C074 with retryOn 5xx it is: four tries, flags URX,UT', async () => {
    const world = await simple(retries({ numRetries: 3, perTryTimeoutMs: 200, retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: ['hangs'] })
    world.clock.advance(10_000)
    expect([it.sent.length, it.aborted, it.seen]).toEqual([4, 4, 504])
    expect(world.record.flags).toBe('URX,UT')
  })

  test("C075 one that is not below the call's is not used", async () => {
    const world = await simple({ timeoutMs: 300, ...retries({ perTryTimeoutMs: 300, retryOn: ['5xx'] }) })
    const it = world.call('http://a/', { answers: ['hangs'] })
    world.clock.advance(10_000)
    expect([it.sent.length, it.replied?.details, world.record.flags]).toEqual([1, 'response_timeout', 'UT'])
  })

  test.each([
    [0, 300, 300],
    [1_000, 300, 300],
    [300, 300, 0],
    [200, 300, 0],
  ])('of a call with %i ms and %i ms per try the latter is %i', (timeoutMs, perTryTimeoutMs, perTryMs) => {
    const action = forward('c', { timeoutMs, ...retries({ perTryTimeoutMs }) })
    expect(timeoutsOf(action, viewOf('http://a/'), false, false)).toEqual({ globalMs: timeoutMs, perTryMs })
  })

  test('ends at the head: the body may take longer', async () => {
    const world = await simple(retries({ perTryTimeoutMs: 200, retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: [{ status: 200, afterMs: 100, bodyMs: 5_000 }] })
    world.clock.advance(10_000)
    expect([it.complete, it.sent.length]).toEqual([true, 1])
  })

  test('does not count while the attempt waits for a connection', async () => {
    const world = await simple(retries({ perTryTimeoutMs: 200, retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: ['waits'] })
    world.clock.advance(10_000)
    expect([it.sent.length, it.seen]).toEqual([1, undefined])
    it.cancel()
  })

  test('counts from the end of the request', async () => {
    const world = await simple(retries({ perTryTimeoutMs: 200, retryOn: [] }))
    const it = world.call('http://a/', { answers: ['hangs'], body: 'streaming' })
    world.clock.advance(5_000)
    it.finishBody()
    world.clock.advance(199)
    expect(it.seen).toBeUndefined()
    world.clock.advance(1)
    expect(it.seen).toBe(504)
  })

  test('an attempt that loses its connection before it was written waits again, without a deadline', async () => {
    const world = await simple(retries({ perTryTimeoutMs: 200, retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: ['hangs'] })
    const { attempt } = it.sent[0]!
    attempt.unready()
    expect([attempt.endpoint.activeRequests, attempt.endpoint.totalRequests]).toEqual([0, 0])
    world.clock.advance(5_000)
    expect(it.seen).toBeUndefined()
    attempt.ready()
    world.clock.advance(199)
    expect(it.aborted).toBe(0)
    world.clock.advance(1)
    expect(it.aborted).toBe(1)
    it.cancel()
  })
})

describe('gRPC', () => {
  test.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['5S', 5_000],
    ['300m', 300],
    ['1500u', 2],
    ['1n', 1],
    ['99999999n', 100],
    ['0m', 0],
    ['', undefined],
    ['5', undefined],
    ['5s', undefined],
    ['123456789m', undefined],
    ['-1S', undefined],
    ['1.5S', undefined],
  ])('grpc-timeout %s is %s ms', (value, ms) => {
    expect(parseGrpcTimeout(value)).toBe(ms)
  })

  test.each([
    ['no limit, no header', 0, undefined, 0],
    ['no limit: the header', 0, '5S', 5_000],
    ['the smaller of both', 1_000, '5S', 1_000],
    ['the smaller of both', 5_000, '1S', 1_000],
    ['a limit without header', 1_000, undefined, 1_000],
    ['an unreadable header is none', 1_000, 'soon', 1_000],
    ['a header of 0 is none', 1_000, '0S', 1_000],
    ['a header of 0 is none', 0, '0S', 0],
  ])('%s: limit %i, header %s gives %i ms', (_, maxGrpcTimeoutMs, header, globalMs) => {
    const view = viewOf('http://a/', { headers: grpcCall(header) })
    const action = forward('c', { timeoutMs: 7, maxGrpcTimeoutMs })
    expect(timeoutsOf(action, view, false, true).globalMs).toBe(globalMs)
  })

  test('C131 a plain request is not affected by the header', async () => {
    const world = await simple({ maxGrpcTimeoutMs: 0 })
    const it = world.call('http://a/', {
      headers: { 'grpc-timeout': '100m' },
      answers: [{ status: 200, afterMs: 400 }],
    })
    world.clock.advance(400)
    expect([it.seen, it.header('grpc-timeout')]).toEqual([200, ['100m']])
  })

  test('C129 the server sees the effective timeout', async () => {
    const world = await simple({ timeoutMs: 1_000, maxGrpcTimeoutMs: 1_000 })
    expect(world.call('http://a/', { headers: grpcCall('5S') }).header('grpc-timeout')).toEqual(['1000m'])
    expect(world.call('http://a/', { headers: grpcCall() }).header('grpc-timeout')).toEqual(['1000m'])
  })

  test('each attempt is told its own: per-try if set, but no more than remains', async () => {
    const policy = retries({ numRetries: 3, perTryTimeoutMs: 200, retryOn: ['5xx'], backoffBaseMs: 1, backoffMaxMs: 1 })
    const world = await simple({ maxGrpcTimeoutMs: 550, ...policy })
    const it = world.call('http://a/', { headers: grpcCall(), answers: ['hangs'] })
    world.clock.advance(10_000)
    expect([1, 2, 3].map((attempt) => it.header('grpc-timeout', attempt)[0])).toEqual(['200m', '200m', '150m'])
  })

  test("C130 without a route timeout the caller's holds: status 14", async () => {
    const world = await simple({ maxGrpcTimeoutMs: 0 })
    const it = world.call('http://a/', { headers: grpcCall('300m'), answers: [{ status: 200, afterMs: 700 }] })
    world.clock.advance(300)
    expect([it.seen, it.replyHeader('grpc-status')]).toEqual([200, '14'])
    expect(it.replyHeader('grpc-message')).toBe('upstream request timeout')
    expect(world.record.flags).toBe('UT')
  })

  // the timeout counts from the end of the request, the server counts from its beginning
  test.each([
    [999, 'upstream connect error or disconnect/reset before headers. reset reason: remote reset', 'UR'],
    [1_000, 'upstream request timeout', 'UT'],
  ])(
    'a stream that the server resets after %i of the 1000 ms that it was told: %s',
    async (afterMs, message, flags) => {
      const world = await simple({ maxGrpcTimeoutMs: 1_000 })
      const answers = [{ fails: 'remoteReset', afterMs }] as const
      const it = world.call('http://a/', { headers: grpcCall(), answers, body: 'streaming' })
      world.clock.advance(10)
      it.finishBody()
      world.clock.advance(990)
      expect([it.replyHeader('grpc-message'), world.record.flags]).toEqual([message, flags])
    },
  )

  test('a reset for the time of one attempt is retried as its timeout is', async () => {
    const policy = retries({ numRetries: 1, perTryTimeoutMs: 200, retryOn: ['5xx'], backoffBaseMs: 1, backoffMaxMs: 1 })
    const world = await simple({ maxGrpcTimeoutMs: 1_000, ...policy })
    const answers = [{ fails: 'remoteReset', afterMs: 205 }, 200] as const
    const it = world.call('http://a/', { headers: grpcCall(), answers, body: 'streaming' })
    world.clock.advance(10)
    it.finishBody()
    world.clock.advance(1_000)
    expect([it.seen, it.sent.length]).toEqual([200, 2])
  })

  test('a route that does not look at the header goes by its own timeout and leaves the header alone', async () => {
    const world = await simple({ timeoutMs: 500 })
    const it = world.call('http://a/', { headers: grpcCall('100m'), answers: [{ status: 200, afterMs: 400 }] })
    world.clock.advance(400)
    expect([it.seen, it.header('grpc-timeout')]).toEqual([200, ['100m']])
  })

  test.each([
    [1, '1m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [99_999_999_000, '99999999S'],
    [99_999_999_001, '1666667M'],
    [6_000_000_000_000, '1666667H'],
    [Number.MAX_SAFE_INTEGER, '99999999H'],
  ])('%i ms are written %s', (ms, text) => {
    expect(formatGrpcTimeout(ms)).toBe(text)
  })

  test.each([
    [{ globalMs: 0, perTryMs: 0 }, Infinity, 0],
    [{ globalMs: 500, perTryMs: 0 }, Infinity, 500],
    [{ globalMs: 500, perTryMs: 0 }, 100.7, 100],
    [{ globalMs: 0, perTryMs: 200 }, Infinity, 200],
    [{ globalMs: 500, perTryMs: 200 }, 0.2, 1],
  ])('of %j with %d ms left an attempt has %i', (timeouts, leftMs, expected) => {
    expect(attemptTimeoutMs(timeouts, leftMs)).toBe(expected)
  })
})

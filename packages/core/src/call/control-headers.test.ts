// The headers by which an application could steer its own call, SEMANTICS 4.
import { afterEach, describe, expect, test } from 'vitest'
import type { ForwardAction } from '../model/route.ts'
import type { Answer, FakeExchange } from './fake-exchange.suite.ts'
import { expectNothingLeft, retries, simple, type World } from './world.suite.ts'

afterEach(expectNothingLeft)

async function run(
  trustRequestHeaders: boolean,
  headers: Readonly<Record<string, string>>,
  answers: readonly Answer[],
  action: Partial<ForwardAction> = {},
): Promise<{ it: FakeExchange; world: World }> {
  const world = await simple(action, { settings: { trustRequestHeaders } })
  const it = world.call('http://a/', { headers, answers })
  world.clock.advance(60_000)
  return { it, world }
}

const names = [
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-max-retries',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-upstream-stream-duration-ms',
]

test.each([true, false])('all are removed before sending, trusted or not (%s); others stay', async (trusted) => {
  const headers = Object.fromEntries([...names, 'x-envoy-other', 'x-mine'].map((name) => [name, '1']))
  const { it } = await run(trusted, headers, [200])
  const sent = it.sent[0]?.headers.filter((_, i) => i % 2 === 0)
  expect(sent).toEqual(['x-envoy-other', 'x-mine', 'x-envoy-attempt-count'])
})

test('several lines of one are removed', async () => {
  const world = await simple()
  const it = world.call('http://a/', { headers: { 'x-envoy-retry-on': ['5xx', 'reset'], 'x-mine': ['1', '2'] } })
  expect([it.header('x-envoy-retry-on'), it.header('x-mine')]).toEqual([[], ['1', '2']])
})

test('untrusted ones do nothing', async () => {
  const headers = { 'x-envoy-retry-on': '5xx', 'x-envoy-upstream-rq-timeout-ms': '1', 'x-envoy-max-retries': '5' }
  const { it } = await run(false, headers, [{ status: 503, afterMs: 100 }])
  expect([it.sent.length, it.seen]).toEqual([1, 503])
})

describe('trusted', () => {
  test("C079 the timeout replaces the route's", async () => {
    const slow: Answer = { status: 200, afterMs: 400 }
    const headers = { 'x-envoy-upstream-rq-timeout-ms': '1000' }
    expect((await run(false, headers, [slow], { timeoutMs: 200 })).it.seen).toBe(504)
    expect((await run(true, headers, [slow], { timeoutMs: 200 })).it.seen).toBe(200)
    expect((await run(true, { 'x-envoy-upstream-rq-timeout-ms': '0' }, [slow], { timeoutMs: 200 })).it.seen).toBe(200)
    expect((await run(true, { 'x-envoy-upstream-rq-timeout-ms': 'x' }, [slow], { timeoutMs: 200 })).it.seen).toBe(504)
    expect((await run(true, { 'x-envoy-upstream-rq-timeout-ms': '100' }, [slow])).it.seen).toBe(504)
  })

  test("the per-try timeout replaces the policy's", async () => {
    const headers = { 'x-envoy-upstream-rq-per-try-timeout-ms': '50' }
    const policy = retries({ numRetries: 1, perTryTimeoutMs: 500, retryOn: ['5xx'] })
    const { it, world } = await run(true, headers, [{ status: 200, afterMs: 100 }], policy)
    expect([it.sent.length, it.seen, world.record.flags]).toEqual([2, 504, 'URX,UT'])
  })

  test.each(['1', '0', 'true', ''])('the alternative response (%j) makes a timeout a 204', async (value) => {
    const headers = { 'x-envoy-upstream-rq-timeout-alt-response': value }
    const { it, world } = await run(true, headers, ['hangs'], { timeoutMs: 100 })
    expect([it.seen, it.replied?.body, world.record.flags]).toEqual([204, '', 'UT'])
    expect((await run(true, headers, ['hangs'], retries({ perTryTimeoutMs: 100 }))).it.seen).toBe(204)
    expect((await run(true, headers, ['connectFailure'])).it.seen).toBe(503)
    expect((await run(false, headers, ['hangs'], { timeoutMs: 100 })).it.seen).toBe(504)
  })

  test('conditions work without a policy: one retry', async () => {
    const { it, world } = await run(true, { 'x-envoy-retry-on': '5xx' }, [503])
    expect([it.sent.length, world.record.flags]).toEqual([2, 'URX'])
  })

  test('conditions add to those of the route', async () => {
    const policy = retries({ numRetries: 1, retryOn: ['connect-failure'] })
    const headers = { 'x-envoy-retry-on': 'reset, gateway-error', 'x-envoy-retry-grpc-on': 'unavailable' }
    for (const answer of ['connectFailure', 503, { status: 200, grpcStatus: 14 }] as const)
      expect((await run(true, headers, [answer, 200], policy)).it.sent).toHaveLength(2)
    expect((await run(true, headers, [500, 200], policy)).it.sent).toHaveLength(1)
  })

  test("the number of retries replaces the policy's", async () => {
    const headers = { 'x-envoy-max-retries': '4' }
    expect((await run(true, headers, [503], retries({ retryOn: ['5xx'] }))).it.sent).toHaveLength(5)
  })

  test('no retries at all: flag URX', async () => {
    const { it, world } = await run(true, { 'x-envoy-max-retries': '0' }, [503], retries({ retryOn: ['5xx'] }))
    expect([it.sent.length, world.record.flags]).toEqual([1, 'URX'])
  })

  test('a number of retries without a condition does nothing', async () => {
    expect((await run(true, { 'x-envoy-max-retries': '4' }, [503])).it.sent).toHaveLength(1)
  })

  test('retriable status codes need their condition', async () => {
    const codes = { 'x-envoy-retriable-status-codes': '418, 425' }
    const both = { ...codes, 'x-envoy-retry-on': 'retriable-status-codes' }
    expect((await run(true, both, [425, 200])).it.sent).toHaveLength(2)
    const policy = retries({ retryOn: ['retriable-status-codes'] })
    expect((await run(true, codes, [418, 200], policy)).it.sent).toHaveLength(2)
    expect((await run(true, codes, [418, 200])).it.sent).toHaveLength(1)
  })
})

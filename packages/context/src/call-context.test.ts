// What calls inherit of a request, and what code around them may set: FIELD 2f, 4.
import { type HeaderLines, type Inbound, VirtualClock } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import { CallContext, type ContextOptions } from './call-context.ts'
import { complaintOfNames } from './inherited-names.ts'
import type { CallOverrides } from './overrides.ts'

interface Story {
  readonly clock: VirtualClock
  readonly context: CallContext
}

function story(options: Partial<ContextOptions> = {}): Story {
  const clock = new VirtualClock()
  return { clock, context: new CallContext({ clock, inherit: [], overrides: [], ...options }) }
}

interface Request extends Inbound {
  answered: boolean
}

function request(headers: Readonly<Record<string, HeaderLines>>, grpc = false): Request {
  return { header: (name) => headers[name], grpc, answered: false }
}

const all = {
  traceparent: '00-a-b-01',
  tracestate: ['a=1', 'b=2'],
  baggage: 'c=3',
  b3: 'd',
  'x-b3-traceid': 'e',
  'x-request-id': 'f',
  'x-envoy-attempt-count': '2',
  'x-envoy-retry-on': '5xx',
  authorization: 'secret',
  cookie: 'user=jason',
  'end-user': 'jason',
  host: 'here',
}

describe('of a request', () => {
  test('calls inherit traces, baggage and id, and never what identifies its sender', () => {
    const { context } = story()
    expect(context.surround(request(all))(() => context.current()?.headers)).toEqual(
      ['traceparent', '00-a-b-01', 'tracestate', 'a=1', 'tracestate', 'b=2', 'b3', 'd', 'x-b3-traceid', 'e'].concat(
        'baggage',
        'c=3',
        'x-request-id',
        'f',
      ),
    )
  })

  test('calls inherit what the application names, whatever it is', () => {
    const { context } = story({ inherit: ['End-User', 'authorization', 'cookie', 'baggage'] })
    const headers = context.surround(request(all))(() => context.current()?.headers) ?? []
    expect(headers.slice(-6)).toEqual(['end-user', 'jason', 'authorization', 'secret', 'cookie', 'user=jason'])
    expect(headers.filter((name) => name === 'baggage')).toHaveLength(1)
  })

  test.each(['x-mesh-deadline-ms', 'X-Envoy-Max-Retries', 'Content-Length', 'host', 'te', 'grpc-timeout', 'a b', ''])(
    '%j cannot be named',
    (name) => {
      expect(complaintOfNames(['end-user', name])).toMatch(/is no name of a header|cannot be inherited/)
    },
  )

  test('nothing is left where it is not', () => {
    const { context } = story()
    context.surround(request(all))(() => undefined)
    expect(context.current()).toBeUndefined()
  })

  test.each([
    [{ 'x-mesh-deadline-ms': '700' }, false, 700],
    [{ 'x-envoy-expected-rq-timeout-ms': '600' }, false, 600],
    [{ 'x-envoy-expected-rq-timeout-ms': '0' }, false, Infinity],
    [{ 'x-mesh-deadline-ms': '0' }, false, 0],
    [{ 'x-mesh-deadline-ms': '700', 'x-envoy-expected-rq-timeout-ms': '600', 'grpc-timeout': '5S' }, true, 600],
    [{ 'x-mesh-deadline-ms': '700', 'grpc-timeout': '250m' }, true, 250],
    [{ 'grpc-timeout': '250m' }, false, Infinity],
    [{ 'grpc-timeout': 'soon', 'x-mesh-deadline-ms': 'soon' }, true, Infinity],
    [{ 'x-mesh-deadline-ms': '-5' }, false, Infinity],
    [{}, true, Infinity],
  ])('the deadline that %j say (gRPC %s) is %d ms after it came', (headers, grpc, ms) => {
    const { context, clock } = story()
    clock.advance(1_000)
    const run = context.surround(request(headers, grpc))
    clock.advance(100)
    expect(run(() => context.current()?.deadlineAtMs)).toBe(1_000 + ms)
  })

  test('the deadline ends with its answer: what goes on in the background is waited for by nobody', () => {
    const { context } = story()
    const inbound = request({ 'x-mesh-deadline-ms': '700' })
    context.surround(inbound)(() => {
      const nested = context.with({ criticality: 'SHEDDABLE' }, () => context.current())
      expect([context.current()?.deadlineAtMs, nested?.deadlineAtMs]).toEqual([700, 700])
      inbound.answered = true
      expect([context.current()?.deadlineAtMs, nested?.deadlineAtMs]).toEqual([Infinity, Infinity])
    })
  })

  test.each([
    ['SHEDDABLE_PLUS', 'SHEDDABLE_PLUS'],
    ['very', undefined],
    [undefined, undefined],
  ])('criticality %s is %s', (said, criticality) => {
    const { context } = story()
    const headers = said === undefined ? {} : { 'x-mesh-criticality': said }
    expect(context.surround(request(headers))(() => context.current()?.criticality)).toBe(criticality)
  })
})

describe('what code sets', () => {
  test('nests: the inner holds, of deadlines the sooner', () => {
    const { context, clock } = story({ overrides: ['subset'] })
    const outer: CallOverrides = {
      timeoutMs: 500,
      deadlineMs: 1_000,
      criticality: 'CRITICAL',
      headers: { 'X-Tenant': 'a', 'x-other': 'b' },
      retry: false,
      subset: 'v1',
    }
    context.with(outer, () => {
      clock.advance(100)
      context.with({ deadlineMs: 5_000, headers: { 'x-tenant': 'c' }, subset: 'v2', timeoutMs: 900 }, () => {
        const { deadlineAtMs, headers, variant, timeoutMs, retries, criticality } = context.current()!
        expect([deadlineAtMs, timeoutMs, retries, criticality, variant]).toEqual([1_000, 900, false, 'CRITICAL', 'v2'])
        expect(headers).toEqual(['x-other', 'b', 'x-tenant', 'c'])
      })
      context.with({ deadlineMs: 300 }, () => expect(context.current()?.deadlineAtMs).toBe(400))
      expect(context.current()?.deadlineAtMs).toBe(1_000)
    })
    expect(context.current()).toBeUndefined()
  })

  test('stands over what a request brought, whose deadline holds on', () => {
    const { context } = story({ inherit: ['end-user'] })
    context.surround(request({ ...all, 'x-mesh-deadline-ms': '700', 'x-mesh-criticality': 'SHEDDABLE' }))(() =>
      context.with({ deadlineMs: 900, criticality: 'CRITICAL', headers: { 'end-user': 'eve' } }, () => {
        const { deadlineAtMs, criticality, headers } = context.current()!
        expect([deadlineAtMs, criticality]).toEqual([700, 'CRITICAL'])
        expect(headers.slice(-2)).toEqual(['end-user', 'eve'])
        expect(headers).not.toContain('jason')
      }),
    )
  })

  test('goes with code that waits, and gives back what that code gives', async () => {
    const { context } = story()
    const result = await context.with({ deadlineMs: 700 }, async () => {
      await Promise.resolve()
      return context.current()?.deadlineAtMs
    })
    expect(result).toBe(700)
  })

  test.each([
    [[], false],
    [['timeout'], true],
  ] as const)('a timeout may be longer than the route’s only where overrides are %j', (overrides, wins) => {
    const { context } = story({ overrides })
    context.with({ timeoutMs: 900 }, () => {
      expect(context.current()?.timeoutWins).toBe(wins)
      context.with({ retry: false }, () => expect(context.current()?.timeoutWins).toBe(wins))
    })
  })

  test.each([
    [{ deadlineMs: 0 }, 'deadlineMs must be more than 0 ms, not 0'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs must be more than 0 ms, not NaN'],
    [
      { criticality: 'HIGH' },
      'criticality must be one of CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS, SHEDDABLE, not "HIGH"',
    ],
    [{ headers: { a: 1 } }, 'headers: a must be a text that a header can have'],
    [{ headers: { a: 'b\r\nc: d' } }, 'headers: a must be a text that a header can have'],
    [{ headers: { 'x-mesh-deadline-ms': '1' } }, 'headers: x-mesh-deadline-ms belongs to one request'],
    [{ headers: { 'a b': 'c' } }, 'headers: "a b" is no name of a header'],
    [{ retry: true }, 'retry can only be false'],
    [{ subset: '' }, 'subset must be a name, not ""'],
    [{ subset: 'v2' }, 'subset may not be set in this mesh; its option `overrides` allows it'],
    [{ timeout: 5 }, 'unknown field "timeout"; known are timeoutMs, deadlineMs, criticality, headers, retry, subset'],
    [null, 'needs an object such as { deadlineMs: 2000 }'],
  ])('%j is refused: %s', (overrides, complaint) => {
    const { context } = story()
    const run = (): unknown => context.with(overrides as CallOverrides, () => expect.unreachable())
    expect(run).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(complaint) }),
    )
  })
})

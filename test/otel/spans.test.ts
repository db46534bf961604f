// Spans of calls and attempts as an SDK of OpenTelemetry gets them, and what endpoints see of the trace (SEMANTICS 13.3, 13.4).
import { Readable } from 'node:stream'
import {
  type Attributes,
  context,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  CompositePropagator,
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { request } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import type { Backend, Received } from '../kit/backend.ts'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })

beforeEach(() => {
  exporter.reset()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
})

afterEach(() => {
  trace.disable()
  metrics.disable()
  propagation.disable()
  context.disable()
})

const retry = {
  numRetries: 2,
  retryOn: ['5xx', 'connect-failure'],
  retriableStatusCodes: [],
  perTryTimeoutMs: 0,
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: false,
  retryOtherPriorities: false,
} as const

async function world(
  more: Parameters<typeof forward>[1] = {},
  options: Parameters<typeof mesh>[1] = {},
): Promise<{ b: Backend; m: TestMesh }> {
  const b = await backend()
  const service = { host: 'reviews.shop.svc.cluster.local', port: 9080, variant: 'v1' }
  const c = cluster('c', [endpoint(b.authority)], { service })
  return { b, m: await mesh(config([host(['reviews'], [route(forward('c', more), {}, 'way')])], [c]), options) }
}

function inSpan<T>(work: (span: Span) => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan('parent', async (span) => {
    try {
      return await work(span)
    } finally {
      span.end()
    }
  })
}

async function get(m: TestMesh, url = 'http://reviews:9080/x?q=1', init: RequestInit = {}): Promise<number> {
  const response = await m.fetch(url, init)
  await response.text()
  return response.status
}

/** Spans as a tree of names, children in order of their start. */
function tree(spans: readonly ReadableSpan[] = exporter.getFinishedSpans(), parent?: string): string[] {
  return spans
    .filter((span) => span.parentSpanContext?.spanId === parent)
    .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
    .flatMap((span) => [
      `${SpanKind[span.kind]} ${span.name}`,
      ...tree(spans, span.spanContext().spanId).map((line) => `  ${line}`),
    ])
}

function named(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name)
}

const traceparentOf = (span: ReadableSpan, sampled = '01'): string =>
  `00-${span.spanContext().traceId}-${span.spanContext().spanId}-${sampled}`

test('a call has a span, each attempt one below it, and each request carries that of its attempt', async () => {
  const { b, m } = await world({ retry })
  b.answerNext({ status: 503 }, { status: 502 })
  expect(await inSpan(() => get(m, undefined, { headers: { 'user-agent': 'ua' } }))).toBe(200)
  expect(tree()).toEqual([
    'INTERNAL parent',
    '  INTERNAL reviews:9080/*',
    '    CLIENT GET',
    '    CLIENT GET',
    '    CLIENT GET',
  ])
  const attempts = named('GET')
  expect(b.requests.map((request) => request.header('traceparent'))).toEqual(
    attempts.map((span) => traceparentOf(span)),
  )
  expect(attempts[1]).toMatchObject({
    attributes: {
      'http.request.method': 'GET',
      'url.full': 'http://reviews:9080/x?q=1',
      'server.address': 'reviews',
      'server.port': 9080,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': b.port,
      'network.protocol.version': '1.1',
      'user_agent.original': 'ua',
      'http.request.resend_count': 1,
      'http.response.status_code': 502,
      'error.type': '502',
      'mesh.route.name': 'way',
      'mesh.cluster': 'c',
      'mesh.subset': 'v1',
      'mesh.attempt': 2,
      'upstream.address': b.authority,
    },
    status: { code: SpanStatusCode.ERROR, message: '502' },
  })
  expect(attempts[0]?.attributes).not.toHaveProperty('http.request.resend_count')
  expect(attempts[2]).toMatchObject({
    attributes: { 'http.response.status_code': 200 },
    status: { code: SpanStatusCode.UNSET },
  })
  const [call] = named('reviews:9080/*')
  expect(call).toMatchObject({
    attributes: {
      'mesh.attempts': 3,
      'mesh.response_flags': '-',
      'http.response.status_code': 200,
      'upstream.address': b.authority,
    },
    status: { code: SpanStatusCode.UNSET },
  })
})

test('samplers see what the conventions want them to see; an attempt that they drop is asked for no more', async () => {
  const seen: [string, Attributes][] = []
  const sampler: Sampler = {
    shouldSample: (_context, _traceId, name, _kind, attributes) => {
      seen.push([name, { ...attributes }])
      return { decision: SamplingDecision.NOT_RECORD }
    },
  }
  trace.disable()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  const { b, m } = await world()
  expect(await get(m)).toBe(200)
  const server = { 'http.request.method': 'GET', 'server.address': 'reviews', 'server.port': 9080 }
  expect(seen).toEqual([
    ['reviews:9080/*', server],
    ['GET', { ...server, 'url.full': 'http://reviews:9080/x?q=1' }],
  ])
  expect(exporter.getFinishedSpans()).toEqual([])
  expect(b.requests[0]?.header('traceparent')).toMatch(/-00$/)
})

test('what fails without an answer says why', async () => {
  const { b, m } = await world()
  await b.close()
  expect(await get(m)).toBe(503)
  expect(tree()).toEqual(['INTERNAL reviews:9080/*', '  CLIENT GET'])
  expect(named('GET')[0]).toMatchObject({
    attributes: { 'error.type': 'connectFailure' },
    status: { code: SpanStatusCode.ERROR },
  })
  expect(named('reviews:9080/*')[0]).toMatchObject({
    attributes: { 'error.type': 'UF', 'mesh.response_flags': 'UF' },
    status: { code: SpanStatusCode.ERROR, message: 'UF' },
  })
})

test.each([
  ['half-hang', { timeoutMs: 100 }, 'timeout', 'UT'],
  ['half', {}, 'protocolError', 'UPE'],
] as const)(
  'an answer that breaks off (%s, %j) is an error, whatever its status',
  async (instead, more, error, flag) => {
    const { b, m } = await world(more)
    b.answerNext({ instead, body: 'half of it' })
    await expect(get(m)).rejects.toBeInstanceOf(Error)
    await until(() => named('reviews:9080/*').length > 0)
    expect(named('GET')[0]).toMatchObject({
      attributes: { 'http.response.status_code': 200, 'error.type': error },
      status: { code: SpanStatusCode.ERROR, message: error },
    })
    expect(named('reviews:9080/*')[0]).toMatchObject({
      attributes: { 'http.response.status_code': 200, 'mesh.response_flags': flag, 'error.type': flag },
      status: { code: SpanStatusCode.ERROR, message: flag },
    })
  },
)

test('an attempt that a timer starts belongs to the same trace, and runs in the context of its caller', async () => {
  const { b, m } = await world({ retry: { ...retry, backoffBaseMs: 20, backoffMaxMs: 20 } })
  b.answerNext({ status: 503 })
  await inSpan(() =>
    context.with(propagation.setBaggage(context.active(), propagation.createBaggage({ who: { value: 'me' } })), () =>
      get(m),
    ),
  )
  expect(b.requests.map((request) => request.header('baggage'))).toEqual(['who=me', 'who=me'])
  expect(tree()).toEqual(['INTERNAL parent', '  INTERNAL reviews:9080/*', '    CLIENT GET', '    CLIENT GET'])
})

test('a body that the application streams runs in the context of its caller: what it calls is traced', async () => {
  const { b, m } = await world()
  const body = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('first ')
    await get(m, 'http://reviews:9080/inner')
    yield Buffer.from('last')
  }
  await inSpan(async () => {
    const options = { method: 'POST', body: Readable.from(body()), dispatcher: m.dispatcher } as const
    await (await request('http://reviews:9080/outer', options)).body.dump()
  })
  const ofTrace = (received: Received): string | undefined => received.header('traceparent')?.split('-')[1]
  expect(b.requests.map(({ url }) => url)).toEqual(['/inner', '/outer'])
  expect(b.requests[1]?.body).toBe('first last')
  expect(b.requests[0] && ofTrace(b.requests[0])).toBe(b.requests[1] && ofTrace(b.requests[1]))
  expect(exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT)).toHaveLength(2)
})

test('without an active span the headers of the request name the parent', async () => {
  const { b, m } = await world()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await get(m, undefined, { headers: { traceparent } })
  expect(named('reviews:9080/*')[0]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(b.requests[0]?.header('traceparent')).toBe(traceparentOf(named('GET')[0]!))
})

test('without an active span the request that is being answered names the parent, and nothing else of its trace goes on', async () => {
  const { b, m } = await world()
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const inbound = {
    traceparent: `00-${trace}-b7ad6b7169203331-01`,
    b3: `${trace}-b7ad6b7169203331-1`,
    'x-request-id': 'id',
  }
  await m.with({ headers: inbound }, () => get(m))
  expect(named('reviews:9080/*')[0]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  const [seen] = b.requests
  expect(seen?.header('traceparent')).toBe(traceparentOf(named('GET')[0]!))
  expect([seen?.header('b3'), seen?.header('x-request-id')]).toEqual([undefined, 'id'])
})

describe('what is inherited does not leave the mesh', () => {
  const inbound = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    baggage: 'user=jason',
  }

  async function outside(): Promise<{ inside: Backend; away: Backend; copied: Backend; m: TestMesh }> {
    const [inside, away, copied] = [await backend(), await backend(), await backend()]
    const service = { external: true }
    const clusters = [
      cluster('in', [endpoint(inside.authority)]),
      cluster('out', [endpoint(away.authority)], service),
      cluster('copies', [endpoint(copied.authority)], service),
    ]
    const mirrors = [{ cluster: 'copies', percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
    const hosts = [host(['in'], [route(forward('in', { mirrors }))]), host(['out'], [route(forward('out'))])]
    return { inside, away, copied, m: await mesh(config(hosts, clusters)) }
  }
  const told = ({ requests }: Backend): unknown[] => requests.map((each) => each.header('baggage'))

  test('nor does baggage, to an external service, a host that nobody claims, or a copy', async () => {
    const { inside, away, copied, m } = await outside()
    await m.with({ headers: inbound }, async () => {
      await get(m, 'http://in/')
      await get(m, 'http://out/')
      await get(m, `${away.url}/`)
    })
    await until(() => copied.requests.length === 1)
    expect([told(inside), told(away), told(copied)]).toEqual([['user=jason'], [undefined, undefined], [undefined]])
    const attempts = named('GET')
    expect(away.requests.map((request) => request.header('traceparent'))).toEqual(
      attempts.slice(1).map((span) => traceparentOf(span)),
    )
    expect(new Set(attempts.map((span) => span.spanContext().traceId))).toEqual(
      new Set(['0af7651916cd43dd8448eb211c80319c']),
    )
  })

  test('what the application says itself goes wherever it sends it', async () => {
    const { away, m } = await outside()
    const headers = { baggage: 'mine=1' }
    await m.with({ headers: inbound }, () => get(m, 'http://out/', { headers }))
    const baggage = propagation.setBaggage(context.active(), propagation.createBaggage({ own: { value: '2' } }))
    await m.with({ headers: inbound }, () => context.with(baggage, () => get(m, 'http://out/')))
    expect(told(away)).toEqual(['mine=1', 'own=2'])
  })

  test('without spans neither', async () => {
    trace.disable()
    metrics.setGlobalMeterProvider(new MeterProvider())
    const { away, m } = await outside()
    await m.with({ headers: inbound }, () => get(m, 'http://out/'))
    expect([told(away), away.requests[0]?.header('traceparent')]).toEqual([[undefined], undefined])
  })
})

test('without a propagator the trace of the request that is being answered goes on as it is', async () => {
  propagation.disable()
  const { b, m } = await world()
  await m.with({ headers: { b3: '0' } }, () => get(m))
  expect(b.requests[0]?.header('b3')).toBe('0')
})

test('only the spans of attempts with callSpans: false, none at all with otel: false', async () => {
  const { m } = await world({}, { otel: { callSpans: false } })
  await get(m)
  expect(tree()).toEqual(['CLIENT GET'])
  const off = await world({}, { otel: false })
  await get(off.m)
  expect([tree(), off.b.requests[0]?.header('traceparent')]).toEqual([['CLIENT GET'], undefined])
})

test('a caller that is not to be traced is not: exporters send through the mesh too', async () => {
  const { b, m } = await world()
  await inSpan(() => context.with(suppressTracing(context.active()), () => get(m)))
  expect([tree(), b.requests[0]?.header('traceparent')]).toEqual([['INTERNAL parent'], undefined])
})

test('C065 copies share trace and x-request-id, are not sampled and have no span', async () => {
  const b = await backend({ name: 'original' })
  const copy = await backend({ name: 'copy' })
  const clusters = [cluster('c', [endpoint(b.authority)]), cluster('m', [endpoint(copy.authority)])]
  const mirrors = [{ cluster: 'm', percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
  const m = await mesh(config([host(['a'], [route(forward('c', { mirrors }))])], clusters))
  await get(m, 'http://a/')
  await until(() => copy.requests.length === 1)
  expect(tree()).toEqual(['INTERNAL a:80/*', '  CLIENT GET'])
  expect(copy.requests[0]?.header('traceparent')).toBe(traceparentOf(named('a:80/*')[0]!, '00'))
  expect(copy.requests[0]?.header('x-request-id')).toBe(b.requests[0]?.header('x-request-id'))
})

describe('B3', () => {
  test.each([
    [
      B3InjectEncoding.SINGLE_HEADER,
      (span: ReadableSpan) => ({ b3: `${span.spanContext().traceId}-${span.spanContext().spanId}-1` }),
    ],
    [
      B3InjectEncoding.MULTI_HEADER,
      (span: ReadableSpan) => ({
        'x-b3-traceid': span.spanContext().traceId,
        'x-b3-spanid': span.spanContext().spanId,
        'x-b3-sampled': '1',
      }),
    ],
  ])('encoding %s is injected and read', async (injectEncoding, headersOf) => {
    propagation.disable()
    propagation.setGlobalPropagator(new B3Propagator({ injectEncoding }))
    const { b, m } = await world()
    await get(m)
    const seen = b.requests[0]!
    const expected = headersOf(named('GET')[0]!)
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, seen.header(name)]))).toEqual(expected)
    await get(m, undefined, { headers: expected as unknown as Record<string, string> })
    expect(named('reviews:9080/*')[1]?.parentSpanContext?.spanId).toBe(named('GET')[0]?.spanContext().spanId)
  })
})

describe('beside the instrumentation of undici', () => {
  const instrumentation = new UndiciInstrumentation({ enabled: false })
  beforeEach(() => {
    instrumentation.setTracerProvider(provider)
    instrumentation.setConfig({ enabled: true })
    instrumentation.enable()
  })
  afterEach(() => instrumentation.disable())

  test('an attempt has one span and one traceparent; what passes the mesh by has its own', async () => {
    const { b, m } = await world({ retry })
    b.answerNext({ status: 503 })
    await get(m)
    expect(tree()).toEqual(['INTERNAL reviews:9080/*', '  CLIENT GET', '  CLIENT GET'])
    const lines = b.requests.map(({ headers }) => headers.filter((name) => name.toLowerCase() === 'traceparent').length)
    expect(lines).toEqual([1, 1])
    exporter.reset()
    const { fetch } = await import('undici')
    await (await fetch(b.url)).text()
    expect(tree()).toEqual(['CLIENT GET'])
  })
})

test('without an SDK nothing is added, and one that comes later is noticed', async () => {
  // as in a process where nothing was ever registered
  Reflect.deleteProperty(globalThis, Symbol.for('opentelemetry.js.api.1'))
  const { b, m } = await world()
  await get(m)
  expect(b.requests[0]?.header('traceparent')).toBeUndefined()
  trace.setGlobalTracerProvider(provider)
  await until(async () => {
    await get(m)
    return tree().length > 0
  })
  expect(tree()).toEqual(['INTERNAL reviews:9080/*', '  CLIENT GET'])
})

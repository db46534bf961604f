// What the mesh answers itself, SEMANTICS 14: status, body, flags and details of every case, and the gRPC forms.
import { afterEach, describe, expect, test } from 'vitest'
import type { MeshErrorCode } from '../base/error.ts'
import { cluster, config, endpoint, forward, host, route } from '../model/config.suite.ts'
import type { Answer, CallWords } from './fake-exchange.suite.ts'
import { expectNothingLeft, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const responseHeaders = { remove: [], set: [{ name: 'x-d', value: 'd' }], add: [] }
const origin = { resource: 'test', path: '' }

/** Hosts for every case. */
function world(): Promise<World> {
  const to = (name: string, more = {}): ReturnType<typeof route> => route(forward(name, { responseHeaders, ...more }))
  const hosts = [
    host(['ok'], [to('c')]),
    host(['slow'], [to('c', { timeoutMs: 100 })]),
    host(['nothing'], []),
    host(['missing'], [to('nowhere')]),
    host(['empty'], [to('e')]),
    host(['sick'], [to('s')]),
    host(['tea'], [route({ kind: 'directResponse', status: 418, body: 'tea', responseHeaders })]),
    host(['bare'], [route({ kind: 'directResponse', status: 200 })]),
    host(['bytes'], [route({ kind: 'directResponse', status: 404, body: new TextEncoder().encode('ä%\n') })]),
    host(['moved'], [route({ kind: 'redirect', status: 302, path: '/new', responseHeaders })]),
  ]
  const clusters = [
    cluster('c', ['10.0.0.1']),
    cluster('e', []),
    cluster('s', [endpoint('10.0.0.1', { health: 'unhealthy' })]),
  ]
  return worldOf(config(hosts, clusters, { unknownHosts: { kind: 'block', origin } }))
}

const reset = (reason: string): string =>
  `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`
const before = (reason: string): string => `upstream_reset_before_response_started{${reason}}`

const cases: readonly (readonly [
  name: string,
  url: string,
  answer: Answer,
  status: number,
  body: string,
  flags: string,
  details: string,
  grpcStatus: string,
  code: MeshErrorCode | undefined,
])[] = [
  ['C029 C133 no route', 'http://nothing/', 200, 404, '', 'NR', 'route_not_found', '12', 'NO_ROUTE'],
  ['C022 an unknown host', 'http://other/', 200, 502, '', '-', 'direct_response', '14', 'UNKNOWN_HOST'],
  ['an invalid path', 'http://ok/%00', 200, 400, '', '-', 'path_normalization_failed', '13', 'INVALID_PATH'],
  ['C019 a missing cluster', 'http://missing/', 200, 503, '', 'NC', 'cluster_not_found', '14', 'NO_CLUSTER'],
  [
    'no endpoint',
    'http://empty/',
    200,
    503,
    'no healthy upstream',
    'UH',
    'no_healthy_upstream',
    '14',
    'NO_HEALTHY_UPSTREAM',
  ],
  [
    'C104 no usable one',
    'http://sick/',
    200,
    503,
    'no healthy upstream',
    'UH',
    'no_healthy_upstream',
    '14',
    'NO_HEALTHY_UPSTREAM',
  ],
  ['C097 overflow', 'http://ok/', 'overflow', 503, reset('overflow'), 'UO', before('overflow'), '14', 'OVERFLOW'],
  [
    'refused',
    'http://ok/',
    'connectFailure',
    503,
    reset('remote connection failure'),
    'UF',
    before('remote_connection_failure|connectFailure'),
    '14',
    'CONNECT_FAILURE',
  ],
  [
    'connect timeout',
    'http://ok/',
    'connectTimeout',
    503,
    reset('connection timeout'),
    'UF',
    before('connection_timeout|connectTimeout'),
    '14',
    'CONNECT_TIMEOUT',
  ],
  [
    'no socket',
    'http://ok/',
    'localConnectFailure',
    503,
    reset('local connection failure'),
    'UF',
    before('local_connection_failure|localConnectFailure'),
    '14',
    'CONNECT_FAILURE',
  ],
  [
    'closed',
    'http://ok/',
    'connectionTermination',
    503,
    reset('connection termination'),
    'UC',
    before('connection_termination'),
    '14',
    'CONNECTION_TERMINATED',
  ],
  [
    'closed early',
    'http://ok/',
    'resetBeforeRequest',
    503,
    reset('connection termination'),
    'UC',
    before('connection_termination'),
    '14',
    'CONNECTION_TERMINATED',
  ],
  [
    'reset',
    'http://ok/',
    'remoteReset',
    503,
    reset('remote reset'),
    'UR',
    before('remote_reset'),
    '14',
    'REMOTE_RESET',
  ],
  [
    'refused stream',
    'http://ok/',
    'refusedStream',
    503,
    reset('remote refused stream reset'),
    'UR',
    before('remote_refused_stream_reset'),
    '14',
    'REFUSED_STREAM',
  ],
  [
    'parse error',
    'http://ok/',
    'protocolError',
    502,
    reset('protocol error'),
    'UPE',
    before('protocol_error'),
    '14',
    'PROTOCOL_ERROR',
  ],
  ['timeout', 'http://slow/', 'hangs', 504, 'upstream request timeout', 'UT', 'response_timeout', '14', 'TIMEOUT'],
  ['C057 a direct response', 'http://tea/', 200, 418, 'tea', '-', 'direct_response', '2', undefined],
  ['a redirect', 'http://moved/x?q', 200, 302, '', '-', 'direct_response', '2', undefined],
]

async function reply(url: string, words: CallWords) {
  const it = await world()
  const exchange = it.call(url, words)
  it.clock.advance(100)
  return { exchange, record: it.record }
}

test.each(cases)('%s: the plain form', async (_, url, answer, status, body, flags, details, _grpc, code) => {
  const { exchange, record } = await reply(url, { answers: [answer] })
  expect(exchange.replied).toMatchObject({ status, body, details })
  expect(exchange.replied?.code).toBe(code)
  expect(record).toMatchObject({ status, flags })
})

test.each(cases)('%s: the gRPC form', async (_, url, answer, _status, body, flags, details, grpcStatus) => {
  const { exchange, record } = await reply(url, {
    answers: [answer],
    headers: { 'content-type': 'application/grpc+proto' },
  })
  expect(exchange.replied).toMatchObject({ status: 200, body: '', details })
  expect(exchange.replyHeader('content-type')).toBe('application/grpc')
  expect(exchange.replyHeader('grpc-status')).toBe(grpcStatus)
  expect(exchange.replyHeader('grpc-message')).toBe(body === '' ? undefined : body)
  expect(record.flags).toBe(flags)
})

describe('headers', () => {
  test.each(['http://missing/', 'http://empty/', 'http://tea/', 'http://moved/'])(
    "C064 the route's response operations apply to %s",
    async (url) => {
      expect((await reply(url, {})).exchange.replyHeader('x-d')).toBe('d')
    },
  )

  test('C064 they apply to failures of the upstream and to timeouts', async () => {
    expect((await reply('http://ok/', { answers: ['connectFailure'] })).exchange.replyHeader('x-d')).toBe('d')
    expect((await reply('http://slow/', { answers: ['hangs'] })).exchange.replyHeader('x-d')).toBe('d')
  })

  test('C064 but not to a 404 without route', async () => {
    expect((await reply('http://nothing/', {})).exchange.replied?.headers).toEqual([])
  })

  test('they are applied once, however many attempts there were', async () => {
    const add = [{ name: 'x-d', value: 'd' }]
    const action = forward('c', { responseHeaders: { remove: [], set: [], add } })
    const it = await worldOf(config([host(['a'], [route(action)])], [cluster('c', ['10.0.0.1'])]))
    const headers = it.call('http://a/', { answers: ['connectFailure'] }).replied?.headers
    expect(headers?.filter((name) => name === 'x-d')).toHaveLength(1)
  })

  test('operators of a direct response see the request', async () => {
    const value = '%REQ(:METHOD)% %REQ(:SCHEME)% %REQ(host)% %REQ(:PATH)% %REQ(x)%'
    const set = [{ name: 'x-seen', value }]
    const action = { kind: 'directResponse', status: 200, responseHeaders: { remove: [], set, add: [] } } as const
    const it = await worldOf(config([host(['a'], [route(action)])], []))
    const exchange = it.call('https://a:444/p/../q?z', { method: 'PUT', headers: { x: ['1', '2'] } })
    expect(exchange.replyHeader('x-seen')).toBe('PUT https a:444 /q?z 1')
  })

  test.each([
    [200, undefined],
    [201, 'http://a/x?y'],
    [300, 'http://a/x?y'],
    [400, undefined],
  ])('a direct %d has the location %s, as in Envoy', async (status, location) => {
    const world = await worldOf(config([host(['a'], [route({ kind: 'directResponse', status })])], []))
    expect(world.call('http://a/x?y').replyHeader('location')).toBe(location)
  })

  test('overflow says x-envoy-overloaded', async () => {
    expect((await reply('http://ok/', { answers: ['overflow'] })).exchange.replyHeader('x-envoy-overloaded')).toBe(
      'true',
    )
  })

  test('a redirect says where to, also to gRPC', async () => {
    const headers = { 'content-type': 'application/grpc' }
    expect((await reply('http://moved/x?q', {})).exchange.replyHeader('location')).toBe('http://moved/new?q')
    expect((await reply('http://moved/x?q', { headers })).exchange.replyHeader('location')).toBe('http://moved/new?q')
  })
})

describe('gRPC messages', () => {
  test('are percent-encoded UTF-8', async () => {
    const { exchange } = await reply('http://bytes/', { headers: { 'content-type': 'application/grpc' } })
    expect([exchange.replyHeader('grpc-status'), exchange.replyHeader('grpc-message')]).toEqual(['12', '%C3%A4%25%0A'])
  })

  test.each([
    ['application/grpc', true],
    ['application/grpc+json', true],
    ['application/grpc;charset=x', true],
    ['application/grpc-web', false],
    ['application/json', false],
    [undefined, false],
  ])('content type %s is gRPC: %s', async (type, grpc) => {
    const { exchange } = await reply('http://nothing/', { headers: type === undefined ? {} : { 'content-type': type } })
    expect(exchange.seen).toBe(grpc ? 200 : 404)
  })
})

test('a direct response without a body has none', async () => {
  expect((await reply('http://bare/', {})).exchange.replied).toMatchObject({ status: 200, body: '', headers: [] })
})

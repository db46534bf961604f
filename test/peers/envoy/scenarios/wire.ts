// What servers do on the wire: HTTP/1.0, trailers, sizes, methods, closed connections, nonsense. SEMANTICS 5.3, 8, 14.
import { cluster } from '../../../kit/config.ts'
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'
import { prefix, retries, to } from '../harness/words.ts'

const raw = {
  clusters: (at: (name: string) => ReturnType<Parameters<NonNullable<Scenario['clusters']>>[0]>) => [
    cluster('raw', [at('raw')]),
  ],
}

/** A server that answers every request of a connection alike. */
function bytes(
  says: string,
  answer: string,
  close: boolean | 'reset' = false,
  asks: readonly (string | Ask)[] = ['/', '/2'],
): Scenario {
  return scenario(`wire: ${says}`, {
    routes: [to('raw')],
    ...raw,
    servers: { raw: { answer: () => ({ bytes: answer, close }) } },
    asks,
  })
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

export const wire: readonly Scenario[] = [
  bytes('HTTP/1.0, the end of the body is the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nhello', true),
  bytes('HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello', true),
  bytes('HTTP/1.1 without a length, closed', 'HTTP/1.1 200 OK\r\n\r\nhello', true),
  bytes('connection: close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok', true),
  bytes('keep-alive', ok),
  bytes('chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n'),
  bytes('trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n'),
  bytes('a status without reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'),
  bytes('a status of its own', 'HTTP/1.1 799 What\r\ncontent-length: 0\r\n\r\n'),
  bytes('204 and 304 have no body', 'HTTP/1.1 204 No Content\r\n\r\n'),
  bytes('304', 'HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n'),
  bytes('HEAD has no body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', false, [
    { method: 'HEAD' },
    { method: 'HEAD' },
  ]),
  bytes(
    'repeated headers',
    'HTTP/1.1 200 OK\r\nx: 1\r\nX: 2\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 0\r\n\r\n',
  ),
  bytes('empty header values and spaces', 'HTTP/1.1 200 OK\r\nx:\r\ny:   a  b\r\ncontent-length: 0\r\n\r\n'),
  bytes('103 before 200', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`),
  bytes('nonsense', 'What?\r\n\r\n', true),
  bytes('nonsense instead of a status', 'HTTP/1.1 abc OK\r\n\r\n', true),
  bytes('two lengths that differ', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc', true),
  bytes('a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabc', true),
  bytes(
    'a length and chunks',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    true,
  ),
  bytes('a chunk that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n', true),
  bytes('a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', true),
  bytes('nothing at all', '', true),
  bytes('half a head', 'HTTP/1.1 200 OK\r\ncontent-', true),
  bytes('a reset within the head', 'HTTP/1.1 200 OK\r\ncontent-', 'reset'),
  bytes('a reset after the head', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', 'reset'),
  bytes('a reset within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'reset'),
  bytes('a reset within chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', 'reset'),
  bytes('a reset instead of a response', '', 'reset'),
  bytes('half a body with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', true),
  bytes('half a body in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', true),
  bytes('more than was said', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more', true),
  scenario('wire: nonsense is retried as a reset', {
    routes: [to('raw', retries(['5xx']))],
    ...raw,
    servers: { raw: { answer: () => ({ bytes: 'What?\r\n\r\n', close: true }) } },
  }),
  scenario('5.3 C082: a kept connection that closes after the request is sent', {
    routes: [to('raw', retries(['connect-failure', 'refused-stream', 'reset-before-request']))],
    ...raw,
    servers: { raw: { answer: (n) => (n === 0 ? { bytes: ok } : { bytes: '', close: true }) } },
    asks: ['/', '/', '/'],
  }),
  scenario('wire: a kept connection that closes, with reset', {
    routes: [to('raw', retries(['reset']))],
    ...raw,
    servers: { raw: { answer: (n) => (n === 0 ? { bytes: ok } : { bytes: '', close: true }) } },
    asks: ['/', '/', '/'],
  }),
  scenario('wire: methods', {
    routes: [to('a')],
    asks: [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
      'OPTIONS',
      'PATCH',
      'TRACE',
      'PROPFIND',
      'PURGE',
      'REPORT',
      'LOCK',
    ].map((method) => ({ method })),
  }),
  scenario('wire: big headers both ways', {
    routes: [to('a')],
    asks: [{ headers: ['x-big', 'x'.repeat(12_000)], answers: [{ headers: ['x-big', 'y'.repeat(12_000)] }] }],
  }),
  scenario('wire: many headers', {
    routes: [to('a')],
    asks: [
      {
        headers: Array.from({ length: 120 }, (_, n) => (n % 2 === 0 ? `x-${n}` : 'v')),
        answers: [{ headers: Array.from({ length: 120 }, (_, n) => (n % 2 === 0 ? `y-${n}` : 'v')) }],
      },
    ],
  }),
  scenario('wire: big bodies both ways', {
    routes: [to('a')],
    asks: [{ method: 'POST', body: 'x'.repeat(3_000_000), answers: [{ body: 'y'.repeat(3_000_000) }] }],
  }),
  scenario('wire: a body in pieces', {
    routes: [to('a')],
    play: (side) =>
      side.send({
        method: 'POST',
        body: (async function* () {
          yield 'one '
          await Promise.resolve()
          yield 'two'
        })(),
      }),
  }),
  scenario('wire: an empty body', { routes: [to('a')], asks: [{ method: 'POST', body: '' }, { method: 'PUT' }] }),
  scenario('wire: an answer before the body has come is passed on', {
    routes: [to('a')],
    asks: [{ method: 'POST', body: 'x'.repeat(10), answers: [{ status: 413, body: 'too much' }] }],
  }),
  scenario('8: HTTP/2 upstream', {
    routes: [to('two')],
    servers: { h2: 'http2' },
    clusters: (at) => [cluster('two', [at('h2')], { protocol: 'http2' })],
    asks: [
      '/a?b',
      { method: 'POST', body: 'x', headers: ['x', '1'] },
      { answers: [{ status: 503, headers: ['y', '1'] }] },
    ],
  }),
  ...(['reset', 'half'] as const).map((instead) =>
    scenario(`8, 14: HTTP/2 upstream that ends by ${instead}`, {
      routes: [to('two', {}, prefix('/once')), to('two', retries(['reset', 'refused-stream']))],
      servers: { h2: 'http2' },
      clusters: (at) => [cluster('two', [at('h2')], { protocol: 'http2' })],
      answers: [{ instead, body: 'x' }],
      asks: ['/once', '/again', { path: '/once', method: 'POST', headers: ['content-type', 'application/grpc'] }],
    }),
  ),
  scenario('5.3 C091: a gRPC status in trailers is not looked at', {
    routes: [to('raw', retries(['unavailable', '5xx']))],
    ...raw,
    servers: {
      raw: {
        answer: () => ({
          bytes:
            'HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\ngrpc-status: 14\r\n\r\n',
        }),
      },
    },
    asks: [{ headers: ['content-type', 'application/grpc', 'te', 'trailers'] }],
  }),
]

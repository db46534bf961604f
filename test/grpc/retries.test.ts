// Retries of gRPC calls: by status in trailers alone, elsewhere, with the whole request sent again; and what is never retried.
import { constants } from 'node:http2'
import { Metadata, status as codes } from '@grpc/grpc-js'
import type { ForwardAction, RetryPolicy } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcHandlers, startGrpc } from '../kit/grpc-backend.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'
import { answerWith, framed, startRawGrpc, trailersOnly } from '../kit/raw-grpc-server.ts'

closeAfterEach()

const policy = (more: Partial<RetryPolicy> = {}): RetryPolicy => ({
  numRetries: 2,
  retryOn: ['unavailable'],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
  ...more,
})

async function meshTo(authorities: readonly string[], action: Partial<ForwardAction>): Promise<TestMesh> {
  const endpoints = authorities.map((authority) => endpoint(authority))
  return opened(await startMesh(config([host(['ratings'], [route(forward('c', action))])], [cluster('c', endpoints)])))
}

test('a status in trailers alone is retried at another endpoint, and the server is told how many went before', async () => {
  const seen: string[][] = []
  const handle = (name: string, code: number): GrpcHandlers => ({
    unary: {
      '/t/Unary': (call, answer) => {
        seen.push([
          name,
          String(call.metadata.get('x-envoy-attempt-count')),
          String(call.metadata.get('grpc-previous-rpc-attempts')),
        ])
        if (code === 0) answer(null, call.request)
        else answer({ code, details: 'not now' })
      },
    },
  })
  const bad = opened(await startGrpc(handle('bad', codes.UNAVAILABLE)))
  const good = opened(await startGrpc(handle('good', codes.OK)))
  const mesh = await meshTo([bad.authority, good.authority], { retry: policy() })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  for (let i = 0; i < 2; i++)
    expect(await client.unary('/t/Unary', 'x')).toMatchObject({ code: 0, message: Buffer.from('x') })
  expect(seen.slice(-2)).toEqual([
    ['bad', '1', ''],
    ['good', '2', '1'],
  ])
})

test.each([
  ['cancelled', codes.CANCELLED],
  ['deadline-exceeded', codes.DEADLINE_EXCEEDED],
  ['internal', codes.INTERNAL],
  ['resource-exhausted', codes.RESOURCE_EXHAUSTED],
  ['unavailable', codes.UNAVAILABLE],
] as const)('the condition %s asks for another attempt after its status, and no other', async (condition, code) => {
  const server = opened(await startRawGrpc((stream, headers) => trailersOnly(stream, Number(headers['wanted']))))
  const mesh = await meshTo([server.authority], { retry: policy({ retryOn: [condition] }) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const ask = async (wanted: number): Promise<number> => {
    const before = server.requests.length
    const metadata = new Metadata()
    metadata.set('wanted', String(wanted))
    expect((await client.unary('/t/Unary', 'x', metadata)).code).toBe(wanted)
    return server.requests.length - before
  }
  expect(await ask(code)).toBe(3)
  expect(await ask(codes.FAILED_PRECONDITION)).toBe(1)
})

test('C090 an HTTP 503 without a status is no "unavailable", and is one for grpc-js', async () => {
  const server = opened(await startRawGrpc((stream) => stream.respond({ ':status': 503 }, { endStream: true })))
  const mesh = await meshTo([server.authority], { retry: policy() })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 14, details: 'Received HTTP status code 503' })
  expect(server.requests).toHaveLength(1)
})

test('an HTTP 503 is retried where its status is asked for', async () => {
  const server = opened(
    await startRawGrpc((stream, _headers, request) => {
      if (request > 1) return answerWith(stream, 'ok')
      stream.respond({ ':status': 503, 'content-type': 'text/html' })
      stream.end('<html>no</html>')
    }),
  )
  const mesh = await meshTo([server.authority], { retry: policy({ retryOn: ['gateway-error'] }) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0, message: Buffer.from('ok') })
})

test('C091 a status after messages is never retried', async () => {
  const server = opened(
    await startRawGrpc((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14', 'grpc-message': 'late' }))
      stream.end(framed('one'))
    }),
  )
  const mesh = await meshTo([server.authority], { retry: policy() })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const { messages, code, details } = await collect(client.serverStream('/t/Server'))
  expect({ messages: messages.map(String), code, details }).toEqual({ messages: ['one'], code: 14, details: 'late' })
  expect(server.requests).toHaveLength(1)
})

test('a stream of messages is sent again from its beginning, in order, whatever its length', async () => {
  const parts = Array.from({ length: 40 }, (_, i) => Buffer.from(`${i},`))
  let calls = 0
  const server = opened(
    await startGrpc({
      clientStream: {
        '/t/Client': (call, answer) => {
          const got: Buffer[] = []
          const first = ++calls === 1
          call.on('data', (part: Buffer) => got.push(part))
          call.on('end', () => {
            if (first) answer({ code: codes.UNAVAILABLE, details: 'again' })
            else answer(null, Buffer.concat(got))
          })
        },
      },
      bidi: {
        '/t/Bidi': (call) => {
          if (++calls === 3) call.once('data', () => call.emit('error', { code: codes.UNAVAILABLE, details: 'again' }))
          else call.on('data', (part: Buffer) => call.write(part)).on('end', () => call.end())
        },
      },
    }),
  )
  const mesh = await meshTo([server.authority], { retry: policy() })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const expected = Buffer.concat(parts).toString()
  expect((await client.clientStream('/t/Client', parts)).message?.toString()).toBe(expected)
  const stream = client.bidi('/t/Bidi')
  const answer = collect(stream)
  for (const part of parts) stream.write(part)
  stream.end()
  expect(Buffer.concat((await answer).messages).toString()).toBe(expected)
  expect(calls).toBe(4)
})

test('C096 a request beyond the buffer is not retried', async () => {
  const server = opened(
    await startRawGrpc((stream) => {
      stream.resume()
      stream.on('end', () => trailersOnly(stream, 14))
    }),
  )
  const mesh = await meshTo([server.authority], { retry: policy() })
  const ask = async (limit: number): Promise<number> => {
    const before = server.requests.length
    using client = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.per_rpc_retry_buffer_size': limit })
    expect((await client.unary('/t/Unary', Buffer.alloc(1_000))).code).toBe(14)
    return server.requests.length - before
  }
  expect(await ask(999)).toBe(1)
  expect(await ask(1_000)).toBe(3)
})

test('a request beyond the buffer is sent once more where the server refused its stream, as nothing of it is gone', async () => {
  const server = opened(
    await startRawGrpc((stream, _headers, request) => {
      if (request === 1) return stream.close(constants.NGHTTP2_REFUSED_STREAM)
      stream.resume()
      stream.on('end', () => answerWith(stream, 'ok'))
    }),
  )
  const mesh = await meshTo([server.authority], {})
  using client = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.per_rpc_retry_buffer_size': 10 })
  expect(await client.unary('/t/Unary', Buffer.alloc(100_000))).toMatchObject({ code: 0 })
  expect(server.requests.length).toBe(2)
})

test('a stream refused by the server is sent once more whatever the policy (gRFC A6), and only once', async () => {
  let refuse = 1
  const server = opened(
    await startRawGrpc((stream) => {
      if (refuse-- > 0) stream.close(7)
      else answerWith(stream, 'ok')
    }),
  )
  const mesh = await meshTo([server.authority], {})
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary', 'x')).toMatchObject({ code: 0 })
  expect(server.requests.map((headers) => headers['x-envoy-attempt-count'])).toEqual(['1', '1'])
  refuse = 2
  expect(await client.unary('/t/Unary', 'x')).toMatchObject({
    code: 14,
    details: 'upstream connect error or disconnect/reset before headers. reset reason: remote refused stream reset',
  })
})

test('C080 a refused connection is retried at another endpoint', async () => {
  const server = opened(await startGrpc({ unary: { '/t/Unary': (call, answer) => answer(null, call.request) } }))
  const dead = await startGrpc({})
  await dead.close()
  const mesh = await meshTo([dead.authority, server.authority], { retry: policy({ retryOn: ['connect-failure'] }) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  for (let i = 0; i < 4; i++) expect(await client.unary('/t/Unary', 'x')).toMatchObject({ code: 0 })
})

test('hedging: an attempt beside a slow one wins, the slow one is cancelled, and its messages are not lost', async () => {
  let begun = 0
  let cancelled = 0
  const slow = opened(
    await startGrpc({
      clientStream: {
        '/t/Client': (call) => {
          begun++
          call.on('cancelled', () => cancelled++).resume()
        },
      },
    }),
  )
  const fast = opened(
    await startGrpc({
      clientStream: {
        '/t/Client': (call, answer) => {
          const got: Buffer[] = []
          call.on('data', (part: Buffer) => got.push(part)).on('end', () => answer(null, Buffer.concat(got)))
        },
      },
    }),
  )
  const retry = policy({ retryOn: ['5xx'], perTryTimeoutMs: 30, hedgeOnPerTryTimeout: true })
  const mesh = await meshTo([slow.authority, fast.authority], { retry })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const parts = ['a', 'b', 'c'].map((part) => Buffer.from(part))
  const answers = [await client.clientStream('/t/Client', parts), await client.clientStream('/t/Client', parts)]
  expect(answers.map(({ message }) => message?.toString())).toEqual(['abc', 'abc'])
  expect(begun).toBeGreaterThan(0)
  await until(() => cancelled === begun)
})

test.each([
  ['0', 3],
  ['40', 3],
  ['-1', 1],
  ['soon', 1],
])('a server that pushes back with %j is asked %i times', async (pushback, times) => {
  const server = opened(
    await startRawGrpc((stream) => trailersOnly(stream, 14, { 'grpc-retry-pushback-ms': pushback })),
  )
  // without the server's word the next attempt would come in an hour
  const retry = policy({ backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 })
  const mesh = await meshTo([server.authority], { retry })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const started = performance.now()
  expect((await client.unary('/t/Unary')).code).toBe(14)
  expect(server.requests).toHaveLength(times)
  if (pushback === '40') expect(performance.now() - started).toBeGreaterThan(78)
})

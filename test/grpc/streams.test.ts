// Streams through the mesh: nobody is overrun, what ends one side is heard by the other, and copies go where mirrors say.
import { InterceptingCall, Metadata } from '@grpc/grpc-js'
import type { ForwardAction, Cluster } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { framed, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

async function meshTo(
  servers: Readonly<Record<string, { readonly authority: string }>>,
  action: Partial<ForwardAction> = {},
  more: Partial<Cluster> = {},
): Promise<TestMesh> {
  const clusters = Object.entries(servers).map(([name, { authority }]) => cluster(name, [endpoint(authority)], more))
  return opened(await startMesh(config([host(['ratings'], [route(forward('c', action))])], clusters)))
}

const chunk = Buffer.alloc(16_384, 1)

test('a server that does not read holds the client: it keeps no more than the windows and one message', async () => {
  const server = opened(await startRawGrpc((stream) => void stream.pause()))
  const mesh = await meshTo({ c: server })
  using client = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.per_rpc_retry_buffer_size': 0 })
  const stream = client.bidi('/t/Bidi')
  const over = collect(stream)
  let written = 0
  const write = (): void => {
    stream.write(chunk, () => {
      written++
      if (written < 1_000) write()
    })
  }
  write()
  await until(() => written > 2)
  let before = -1
  await until(() => {
    const still = before === written
    before = written
    return still
  })
  expect(written * chunk.length).toBeLessThan(1 << 20)
  stream.cancel()
  expect((await over).code).toBe(1)
})

test.each(['at all', 'any more'])('a client that does not read %s holds the server', async (what) => {
  let sent = 0
  const server = opened(
    await startRawGrpc((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      const more = (): void => {
        while (sent < 1_000) {
          sent++
          if (!stream.write(framed(chunk))) {
            stream.once('drain', more)
            return
          }
        }
        stream.end()
      }
      more()
    }),
  )
  const mesh = await meshTo({ c: server })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const stream = client.serverStream('/t/Server')
  stream.on('error', () => undefined)
  if (what === 'at all') stream.pause()
  else stream.once('data', () => stream.pause())
  await until(() => sent > 2)
  let before = -1
  await until(() => {
    const still = before === sent
    before = sent
    return still
  })
  expect(sent).toBeLessThan(200)
  stream.cancel()
})

test('half-close: the server hears the end of the request and may go on', async () => {
  const server = opened(
    await startGrpc({
      bidi: {
        '/t/Bidi': (call) => {
          call
            .on('data', () => undefined)
            .on('end', () => {
              for (let i = 0; i < 3; i++) call.write(Buffer.from(String(i)))
              call.end()
            })
        },
      },
    }),
  )
  const mesh = await meshTo({ c: server })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const stream = client.bidi('/t/Bidi')
  stream.end()
  expect((await collect(stream)).messages.map(String)).toEqual(['0', '1', '2'])
})

test('a call that its client cancels is cancelled at the server, also while it waits for the configuration', async () => {
  let cancelled = 0
  const server = opened(
    await startGrpc({
      serverStream: { '/t/Server': (call) => void call.on('cancelled', () => cancelled++).write(chunk) },
    }),
  )
  const mesh = await meshTo({ c: server })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const stream = client.serverStream('/t/Server')
  const over = collect(stream)
  await new Promise((resolve) => stream.once('data', resolve))
  stream.cancel()
  expect(await over).toMatchObject({ code: 1, details: 'Cancelled on client' })
  await until(() => cancelled === 1)
})

test('interceptors of the application run once, outside the mesh', async () => {
  let calls = 0
  let tries = 0
  const server = opened(
    await startGrpc({
      unary: {
        '/t/Unary': (call, answer) => {
          if (++tries < 3) answer({ code: 14, details: 'again' })
          else answer(null, Buffer.from(String(call.metadata.get('by'))))
        },
      },
    }),
  )
  const retry = {
    numRetries: 2,
    retryOn: ['unavailable'] as const,
    retriableStatusCodes: [],
    backoffBaseMs: 1,
    backoffMaxMs: 1,
    avoidPreviousHosts: false,
    retryOtherPriorities: false,
  }
  const mesh = await meshTo({ c: server }, { retry })
  using client = new GrpcClient('ratings', {
    ...meshChannel(mesh),
    interceptors: [
      (options, next) =>
        new InterceptingCall(next(options), {
          start: (metadata, listener, go) => {
            calls++
            metadata.set('by', 'interceptor')
            go(metadata, listener)
          },
        }),
    ],
  })
  expect((await client.unary('/t/Unary')).message?.toString()).toBe('interceptor')
  expect({ calls, tries }).toEqual({ calls: 1, tries: 3 })
})

test('a copy of the whole request goes to a mirror, and its answer to nobody', async () => {
  const got: string[] = []
  const taking = async (name: string): Promise<GrpcBackend> =>
    opened(
      await startGrpc({
        clientStream: {
          '/t/Client': (call, answer) => {
            const parts: Buffer[] = []
            call
              .on('data', (part: Buffer) => parts.push(part))
              .on('end', () => {
                got.push(`${name} ${Buffer.concat(parts).toString()} ${call.getHost()}`)
                answer(null, Buffer.from(name))
              })
          },
        },
      }),
    )
  const main = await taking('main')
  const shadow = await taking('shadow')
  const mirrors = [{ cluster: 'm', percent: { numerator: 1_000_000 }, shadowHostSuffix: true }]
  const mesh = await meshTo({ c: main, m: shadow }, { mirrors })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answer = await client.clientStream('/t/Client', [Buffer.from('a'), Buffer.from('b')])
  expect(answer.message?.toString()).toBe('main')
  await until(() => got.length === 2)
  expect(got.toSorted()).toEqual(['main ab ratings', 'shadow ab ratings-shadow'])
})

test('calls are routed by path, authority and metadata, and rewritten on their way', async () => {
  const seen: string[] = []
  const server = opened(
    await startRawGrpc((stream, headers) => {
      seen.push([headers[':path'], headers[':authority'], headers['x-a'], headers['x-gone']].join(' '))
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0', 'x-server': 'me' },
        { endStream: true },
      )
    }),
  )
  const requestHeaders = { set: [{ name: 'x-a', value: 'set' }], add: [], remove: ['x-gone'] }
  const responseHeaders = { set: [{ name: 'x-b', value: 'set' }], add: [], remove: ['x-server'] }
  const mesh = opened(
    await startMesh(
      config(
        [
          host(
            ['ratings'],
            [
              route(forward('c', { hostRewrite: 'v2.ratings', requestHeaders, responseHeaders }), {
                path: { kind: 'exact', value: '/t.Ratings/Get', ignoreCase: false },
                headers: [{ name: 'end-user', match: { kind: 'exact', value: 'jason' } }],
              } as never),
              route({ kind: 'directResponse', status: 404 }),
            ],
          ),
        ],
        [cluster('c', [endpoint(server.authority)])],
      ),
    ),
  )
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const metadata = new Metadata()
  metadata.set('x-gone', '1')
  expect((await client.unary('/t.Ratings/Get', '', metadata)).code).toBe(12)
  metadata.set('end-user', 'jason')
  const { code, trailers } = await client.unary('/t.Ratings/Get', '', metadata)
  expect({ code, b: trailers.get('x-b'), server: trailers.get('x-server') }).toEqual({
    code: 0,
    b: ['set'],
    server: [],
  })
  expect(seen).toEqual(['/t.Ratings/Get v2.ratings set '])
})

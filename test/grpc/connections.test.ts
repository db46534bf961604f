// The connections under gRPC calls: shared, bounded, moved without a failure, and gone in the end.
import { credentials, Metadata } from '@grpc/grpc-js'
import type { Cluster } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { startMute } from '../kit/mute-server.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { answerWith, framed, type RawGrpcServer, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const configOf = (authorities: readonly string[], more: Partial<Cluster> = {}): ReturnType<typeof config> =>
  config(
    [host(['ratings'], [route(forward('c'))])],
    [
      cluster(
        'c',
        authorities.map((authority) => endpoint(authority)),
        more,
      ),
    ],
  )

const meshTo = async (authorities: readonly string[], more: Partial<Cluster> = {}): Promise<TestMesh> =>
  opened(await startMesh(configOf(authorities, more)))

const echoing = (): Promise<RawGrpcServer> => startRawGrpc((stream) => answerWith(stream, 'ok'))

/** Answers when told. */
async function holding(): Promise<RawGrpcServer & { release: () => void }> {
  const held: (() => void)[] = []
  const server = await startRawGrpc((stream) => void held.push(() => answerWith(stream, 'ok')))
  return Object.assign(server, { release: () => held.splice(0).forEach((each) => each()) })
}

const pool = { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 100 }

test('clients with the same credentials and options share the connection of an endpoint; others do not', async () => {
  const server = opened(await echoing())
  const mesh = await meshTo([server.authority])
  for (let i = 0; i < 3; i++) {
    using client = new GrpcClient('ratings', meshChannel(mesh))
    expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  }
  expect(server.accepted()).toBe(1)
  using other = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.max_receive_message_length': 10 })
  expect(await other.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(server.accepted()).toBe(2)
})

test('beyond maxConcurrentStreams another connection is opened', async () => {
  const server = opened(await holding())
  const mesh = await meshTo([server.authority], { connectionPool: { ...pool, maxConcurrentStreams: 2 } })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answers = Array.from({ length: 5 }, () => client.unary('/t/Unary'))
  await until(() => server.requests.length === 5)
  expect(server.accepted()).toBe(3)
  server.release()
  expect((await Promise.all(answers)).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
})

test('a connection carries no more calls than it may', async () => {
  const server = opened(await echoing())
  const mesh = await meshTo([server.authority], { connectionPool: { ...pool, maxRequestsPerConnection: 2 } })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  for (let i = 0; i < 5; i++) expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(server.accepted()).toBe(3)
  await until(() => server.sessions.size === 1)
})

const breakers = (maxConnections: number): Cluster['circuitBreakers'] => ({
  maxConnections,
  maxPendingRequests: Infinity,
  maxRequests: Infinity,
  maxRetries: Infinity,
})

test('with maxConnections 1 and maxRequestsPerConnection 1 calls follow one another, each on a connection of its own', async () => {
  const server = opened(await echoing())
  const connectionPool = { ...pool, maxRequestsPerConnection: 1 }
  const mesh = await meshTo([server.authority], { connectionPool, circuitBreakers: breakers(1) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.unary('/t/Unary')))
  expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  expect(server.accepted()).toBe(5)
})

test('calls beyond the limit of connections wait for room and share those there are (C099)', async () => {
  const server = opened(await holding())
  const connectionPool = { ...pool, maxConcurrentStreams: 1 }
  const mesh = await meshTo([server.authority], { connectionPool, circuitBreakers: breakers(2) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answers = Array.from({ length: 6 }, () => client.unary('/t/Unary'))
  for (const sent of [2, 4, 6]) {
    await until(() => server.requests.length === sent)
    server.release()
  }
  expect((await Promise.all(answers)).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(server.accepted()).toBe(2)
})

test('the first connection of a lane is always allowed: beside the limit, and beside idle ones of another', async () => {
  const server = opened(await echoing())
  const mesh = await meshTo([server.authority], { circuitBreakers: breakers(1) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  using other = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.max_receive_message_length': 10 })
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(await other.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(server.accepted()).toBe(2)
})

test('who waits for an endpoint that leaves the configuration is served as long as it takes', async () => {
  const server = opened(await holding())
  const connectionPool = { ...pool, maxConcurrentStreams: 1 }
  const mesh = await meshTo([server.authority], { connectionPool, circuitBreakers: breakers(1) })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answers = [client.unary('/t/Unary'), client.unary('/t/Unary')]
  await until(() => server.requests.length === 1)
  await mesh.apply(configOf([]))
  server.release()
  await until(() => server.requests.length === 2)
  server.release()
  expect((await Promise.all(answers)).map(({ code }) => code)).toEqual([0, 0])
  await until(() => server.sessions.size === 0)
})

test('an idle connection closes', async () => {
  const server = opened(await echoing())
  const mesh = await meshTo([server.authority], { connectionPool: { ...pool, idleTimeoutMs: 1_000 } })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  await until(() => server.sessions.size === 0)
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(server.accepted()).toBe(2)
})

test('a GOAWAY moves new calls without a failure, and streams under way go on', async () => {
  let stream: { end: () => void } | undefined
  const server = opened(
    await startGrpc({
      unary: { '/t/Unary': (call, answer) => answer(null, call.request) },
      bidi: { '/t/Bidi': (call) => void (stream = call.on('data', (part: Buffer) => call.write(part))) },
    }),
  )
  const mesh = await meshTo([server.authority])
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const long = client.bidi('/t/Bidi')
  const got: string[] = []
  long.on('data', (part: Buffer) => got.push(part.toString()))
  const over = collect(long)
  long.write(Buffer.from('before'))
  await until(() => got.length === 1)
  server.server.drain(server.authority, 60_000)
  expect((await client.unary('/t/Unary', 'x')).code).toBe(0)
  long.write(Buffer.from('after'))
  await until(() => got.length === 2)
  stream?.end()
  expect((await over).code).toBe(0)
})

test('calls that a GOAWAY leaves out are sent again, whatever the policy: 200 calls, a GOAWAY every 20', async () => {
  const server = opened(
    await startRawGrpc((stream, _headers, request) => {
      // last stream id below this one: nghttp2 refuses it
      if (request % 20 === 0) stream.session?.goaway(0, Math.max(0, (stream.id ?? 0) - 2))
      else answerWith(stream, 'ok')
    }),
  )
  const mesh = await meshTo([server.authority])
  using client = new GrpcClient('ratings', meshChannel(mesh))
  for (let i = 0; i < 200; i += 5) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.unary('/t/Unary')))
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  }
  expect(server.accepted()).toBeGreaterThan(5)
})

test('an endpoint that leaves the configuration finishes its streams; new calls go elsewhere', async () => {
  const old = opened(await holding())
  const fresh = opened(await echoing())
  const mesh = await meshTo([old.authority])
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const underWay = client.unary('/t/Unary')
  await until(() => old.requests.length === 1)
  await mesh.apply(configOf([fresh.authority]))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect([old.requests.length, fresh.requests.length]).toEqual([1, 1])
  old.release()
  expect(await underWay).toMatchObject({ code: 0 })
  await until(() => old.sessions.size === 0)
})

test('a call that waits for readiness gets through once there is an endpoint that can be reached', async () => {
  const dead = await echoing()
  await dead.close()
  const server = opened(await echoing())
  const mesh = await meshTo([dead.authority])
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const waiting = client.unary('/t/Unary', 'x', new Metadata({ waitForReady: true }))
  const hasty = await client.unary('/t/Unary', 'x')
  expect(hasty.code).toBe(14)
  await mesh.apply(configOf([]))
  expect((await client.unary('/t/Unary', 'x')).details).toBe('no healthy upstream')
  await mesh.apply(configOf([server.authority]))
  expect(await waiting).toMatchObject({ code: 0, message: Buffer.from('ok') })
})

test('closing the mesh ends calls on connections that drain', async () => {
  const old = opened(await holding())
  const fresh = opened(await echoing())
  const mesh = await meshTo([old.authority])
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const underWay = client.unary('/t/Unary')
  await until(() => old.requests.length === 1)
  await mesh.apply(configOf([fresh.authority]))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  await mesh.close()
  expect((await underWay).code).toBe(14)
  await until(() => old.sessions.size === 0)
})

test('a call that waits for readiness may be larger than what is kept for retries', async () => {
  const server = opened(await echoing())
  const mesh = opened(await startMesh(configOf([])))
  using client = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.per_rpc_retry_buffer_size': 10 })
  const waiting = client.unary('/t/Unary', 'x'.repeat(1_000), new Metadata({ waitForReady: true }))
  expect((await client.unary('/t/Unary', 'x')).details).toBe('no healthy upstream')
  await mesh.apply(configOf([server.authority]))
  expect(await waiting).toMatchObject({ code: 0 })
})

const holds = '_createSecureConnector' in credentials.createInsecure()

test.skipIf(!holds)('a connection that is given up while it is being made is closed', async () => {
  const mute = opened(await startMute())
  const mesh = await meshTo([mute.authority], { connectTimeoutMs: 50 })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect((await client.unary('/t/Unary')).code).toBe(14)
  await until(() => mute.sockets.size === 0)
})

test('closing the mesh ends calls and leaves no connection', async () => {
  const server = opened(
    await startRawGrpc((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(framed('one'))
    }),
  )
  const mesh = await startMesh(configOf([server.authority]))
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const stream = client.serverStream('/t/Server')
  const over = collect(stream)
  await new Promise((resolve) => stream.once('data', resolve))
  const waiting = client.unary('/t/Unary')
  await until(() => server.requests.length === 2)
  await mesh.close()
  expect((await over).code).toBe(14)
  expect((await waiting).code).toBe(14)
  await until(() => server.sessions.size === 0)
  expect((await client.unary('/t/Unary')).details).toBe('the mesh is closed')
})

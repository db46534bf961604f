// Whose time is up, and what the caller and the server hear of it.
import { constants } from 'node:http2'
import type { CallRecord } from '@proxyless/core'
import type { ForwardAction, RetryPolicy } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import type { CreateMeshOptions } from 'proxyless'
import { processClock } from 'proxyless/host'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { answerWith, framed, type RawGrpcServer, startRawGrpc, trailersOnly } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

async function meshTo(
  server: RawGrpcServer,
  action: Partial<ForwardAction>,
  options: Omit<CreateMeshOptions, 'config'> = {},
): Promise<TestMesh> {
  const routes = [route(forward('c', action))]
  return opened(
    await startMesh(config([host(['ratings'], routes)], [cluster('c', [endpoint(server.authority)])]), options),
  )
}

const inMs = (ms: number): { deadline: number } => ({ deadline: Date.now() + ms })
const silent = (): Promise<RawGrpcServer> => startRawGrpc((stream) => void stream.resume())
const timeoutsOf = (server: RawGrpcServer): unknown[] => server.requests.map((headers) => headers['grpc-timeout'])

test("C129 the server sees the route's timeout where it is shorter than the caller's", async () => {
  const server = opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
  const mesh = await meshTo(server, { timeoutMs: 1_000, maxGrpcTimeoutMs: 1_000 })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary', 'x', undefined, inMs(5_000))).toMatchObject({ code: 0 })
  expect(await client.unary('/t/Unary', 'x')).toMatchObject({ code: 0 })
  expect(timeoutsOf(server)).toEqual(['1000m', '1000m'])
})

test('without a route timeout the server sees what the caller has left', async () => {
  const server = opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
  for (const action of [{ maxGrpcTimeoutMs: 0 }, {}]) {
    const mesh = await meshTo(server, action)
    using client = new GrpcClient('ratings', meshChannel(mesh))
    expect(await client.unary('/t/Unary', 'x', undefined, inMs(60_000))).toMatchObject({ code: 0 })
    const [seen] = timeoutsOf(server).slice(-1)
    expect(Number(String(seen).slice(0, -1))).toBeGreaterThan(1_000)
    expect(Number(String(seen).slice(0, -1))).toBeLessThanOrEqual(60_000)
  }
})

test.each([
  [undefined, 4],
  ['latest', 4],
  [{ grpcTimeoutStatus: 14 }, 14],
] as const)("C130 without a route timeout the caller's holds: compat %j, status %i", async (compat, code) => {
  const server = opened(await silent())
  const mesh = await meshTo(server, { maxGrpcTimeoutMs: 0 }, compat === undefined ? {} : { compat })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const answer = await client.unary('/t/Unary', 'x', undefined, inMs(300))
  expect(answer).toMatchObject({ code, details: 'upstream request timeout' })
  expect(answer.trailers.get('x-mesh-response-flags')).toEqual(['UT'])
})

test.each([
  [{}, 4],
  [{ compat: { grpcTimeoutStatus: 14 } }, 14],
] as const)("the route's timeout ends a call: options %j, status %i", async (options, code) => {
  const server = opened(await silent())
  const mesh = await meshTo(server, { timeoutMs: 50, maxGrpcTimeoutMs: 50 }, options)
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code, details: 'upstream request timeout' })
})

test("a route that does not look at the caller's deadline leaves it to the caller", async () => {
  const server = opened(await silent())
  const mesh = await meshTo(server, {})
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const { code, details } = await client.unary('/t/Unary', 'x', undefined, inMs(50))
  expect({ code, details }).toEqual({ code: 4, details: `Deadline exceeded: ratings > r > c > ${server.authority} #1` })
})

test('nobody waits for a timeout of the mesh that does not run: the deadline is told as it passes', async () => {
  const server = opened(await silent())
  const durations: number[] = []
  const setTimer: typeof processClock.setTimer = (ms, ...rest) => {
    durations.push(ms)
    return processClock.setTimer(ms, ...rest)
  }
  const mesh = await meshTo(server, {}, { clock: { ...processClock, setTimer } })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  durations.length = 0
  expect(await client.unary('/t/Unary', 'x', undefined, inMs(60))).toMatchObject({ code: 4 })
  expect(durations).not.toContain(100)
})

test('a deadline that has passed is told at once, and nothing is sent', async () => {
  const server = opened(await silent())
  const mesh = await meshTo(server, {})
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary', 'x', undefined, inMs(-1))).toMatchObject({ code: 4 })
  expect(server.accepted()).toBe(0)
})

test.each([
  [{}, 4],
  [{ compat: { grpcTimeoutStatus: 14 } }, 14],
] as const)('a stream whose time is up after its head breaks off: options %j, status %i', async (options, told) => {
  const server = opened(
    await startRawGrpc((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(framed('one'))
    }),
  )
  const records: CallRecord[] = []
  const observer = { callEnded: (record: CallRecord): void => void records.push(record) }
  const mesh = await meshTo(server, { timeoutMs: 2_000, maxGrpcTimeoutMs: 2_000 }, { ...options, observer })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const { messages, code } = await collect(client.serverStream('/t/Server'))
  expect({ messages: messages.map(String), code }).toEqual({ messages: ['one'], code: told })
  expect(records).toMatchObject([{ status: 200, grpcStatus: told, flags: 'UT' }])
})

test.each([
  [{}, 4],
  [{ compat: { grpcTimeoutStatus: 14 } }, 14],
] as const)('what is told of a call says what its caller was told: options %j, status %i', async (options, told) => {
  const server = opened(await silent())
  const records: CallRecord[] = []
  const observer = { callEnded: (record: CallRecord): void => void records.push(record) }
  const mesh = await meshTo(server, { timeoutMs: 50, maxGrpcTimeoutMs: 50 }, { ...options, observer })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: told })
  const own = await meshTo(server, {}, { observer })
  using impatient = new GrpcClient('ratings', meshChannel(own))
  expect(await impatient.unary('/t/Unary', 'x', undefined, inMs(50))).toMatchObject({ code: 4 })
  expect(records.map(({ grpcStatus, flags }) => [grpcStatus, flags])).toEqual([
    [told, 'UT'],
    [4, 'DC'],
  ])
})

test.each(['before', 'after'])(
  'a stream that the server resets when its time is over, %s its head, has met the timeout',
  async (when) => {
    let aheadMs = 0
    const server = opened(
      await startRawGrpc((stream) => {
        const reset = (): void => {
          aheadMs = 60_000
          stream.close(constants.NGHTTP2_CANCEL)
        }
        if (when === 'before') return reset()
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
        stream.write(framed('one'), reset)
      }),
    )
    const clock = { ...processClock, now: () => processClock.now() + aheadMs }
    const mesh = await meshTo(server, { timeoutMs: 60_000, maxGrpcTimeoutMs: 60_000 }, { clock })
    using client = new GrpcClient('ratings', meshChannel(mesh))
    const { code, details } = await collect(client.serverStream('/t/Server'))
    expect({ code, details }).toEqual({ code: 4, details: 'upstream request timeout' })
  },
)

test('each attempt is told what it has: the per-try timeout, or the rest of the whole', async () => {
  const server = opened(
    await startRawGrpc((stream, _headers, request) => {
      if (request < 3) trailersOnly(stream, 14)
      else answerWith(stream, 'ok')
    }),
  )
  const retry: RetryPolicy = {
    numRetries: 2,
    retryOn: ['unavailable'],
    retriableStatusCodes: [],
    perTryTimeoutMs: 2_000,
    backoffBaseMs: 1,
    backoffMaxMs: 1,
    avoidPreviousHosts: false,
    retryOtherPriorities: false,
  }
  const mesh = await meshTo(server, { timeoutMs: 60_000, maxGrpcTimeoutMs: 60_000, retry })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(timeoutsOf(server)).toEqual(['2000m', '2000m', '2000m'])
})

test('a server that resets the stream as the deadline has passed means the deadline', async () => {
  let deadline = 0
  const server = opened(
    await startRawGrpc((stream) => {
      if (deadline === 0) answerWith(stream, 'connected')
      else void until(() => Date.now() >= deadline).then(() => stream.close(constants.NGHTTP2_CANCEL))
    }),
  )
  const mesh = await meshTo(server, {})
  using client = new GrpcClient('ratings', meshChannel(mesh))
  await client.unary('/t/Unary', 'x')
  deadline = Date.now() + 100
  const { code, details } = await client.unary('/t/Unary', 'x', undefined, { deadline })
  const where = `ratings > r > c > ${server.authority} #1`
  expect({ code, details }).toEqual({ code: 4, details: `Deadline exceeded: ${where}` })
})

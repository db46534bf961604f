// SEMANTICS 14, the column of gRPC: what a client hears where the mesh answers itself, with real sockets behind it.
import { credentials } from '@grpc/grpc-js'
import type { Cluster, MeshConfig, Route } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { startMute } from '../kit/mute-server.ts'
import { framed, type RawGrpcServer, startRawGrpc, trailersOnly } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const waitsForSettings = '_createSecureConnector' in credentials.createInsecure()

const always = { numerator: 1_000_000 }
const never: Cluster['circuitBreakers'] = {
  maxConnections: Infinity,
  maxPendingRequests: 0,
  maxRequests: Infinity,
  maxRetries: Infinity,
}
const reset = 'upstream connect error or disconnect/reset before headers. reset reason: '

async function meshOf(routes: Route[], clusters: Cluster[] = [], more: Partial<MeshConfig> = {}): Promise<TestMesh> {
  return opened(await startMesh(config([host(['ratings'], routes)], clusters, more)))
}

async function hear(mesh: TestMesh, target = 'ratings'): Promise<[number, string, string, string]> {
  using client = new GrpcClient(target, meshChannel(mesh))
  const { code, details, trailers } = await client.unary('/t/Unary', 'x')
  return [
    code,
    details,
    String(trailers.get('x-mesh-response-flags')),
    String(trailers.get('x-mesh-response-details')).replace(/\|.*/, ''),
  ]
}

/** A server that does something to every stream. */
async function serverThat(does: Parameters<typeof startRawGrpc>[0]): Promise<RawGrpcServer> {
  return opened(await startRawGrpc(does))
}

const toServer = async (server: RawGrpcServer, more: Partial<Cluster> = {}): Promise<TestMesh> =>
  meshOf([route(forward('c'))], [cluster('c', [endpoint(server.authority)], more)])

describe('what the mesh answers itself', () => {
  test('C133 no route: 12', async () => {
    const path = { kind: 'exact', value: '/other', ignoreCase: false } as const
    const mesh = await meshOf([route(forward('c'), { path })])
    expect(await hear(mesh)).toEqual([12, 'route_not_found', 'NR', 'route_not_found'])
  })

  test('an unknown host where they are blocked: 14', async () => {
    const origin = { resource: 'test', path: '' }
    const mesh = await meshOf([], [], { unknownHosts: { kind: 'block', origin } })
    expect(await hear(mesh, 'elsewhere')).toEqual([14, 'direct_response', '-', 'direct_response'])
  })

  test('no such cluster: 14', async () => {
    expect(await hear(await meshOf([route(forward('c'))]))).toEqual([
      14,
      'cluster_not_found',
      'NC',
      'cluster_not_found',
    ])
  })

  test('no usable host: 14', async () => {
    const mesh = await meshOf([route(forward('c'))], [cluster('c', [])])
    expect(await hear(mesh)).toEqual([14, 'no healthy upstream', 'UH', 'no_healthy_upstream'])
  })

  test('pool overflow: 14, and the server is overloaded', async () => {
    const server = await serverThat(() => undefined)
    const mesh = await toServer(server, { circuitBreakers: never })
    expect((await hear(mesh)).slice(0, 3)).toEqual([14, `${reset}overflow`, 'UO'])
    using client = new GrpcClient('ratings', meshChannel(mesh))
    expect((await client.unary('/t/Unary')).trailers.get('x-envoy-overloaded')).toEqual(['true'])
  })

  test('a refused connection: 14', async () => {
    const server = await startRawGrpc(() => undefined)
    await server.close()
    const heard = await hear(await toServer(server))
    expect(heard).toEqual([
      14,
      `${reset}remote connection failure`,
      'UF',
      'upstream_reset_before_response_started{remote_connection_failure',
    ])
  })

  // before its 1.13 grpc-js took a connection for ready that nobody had answered on
  test.skipIf(!waitsForSettings)('a connection that takes too long: 14', async () => {
    const mute = opened(await startMute())
    const mesh = await meshOf(
      [route(forward('c'))],
      [cluster('c', [endpoint(mute.authority)], { connectTimeoutMs: 50 })],
    )
    expect((await hear(mesh)).slice(0, 3)).toEqual([14, `${reset}connection timeout`, 'UF'])
  })

  test('a server that closes before its head: 14', async () => {
    const server = await serverThat((stream) => stream.session?.destroy())
    expect((await hear(await toServer(server))).slice(0, 3)).toEqual([14, `${reset}connection termination`, 'UC'])
  })

  test.each([
    [2, 'remote reset', 'UR'],
    [8, 'remote reset', 'UR'],
    [11, 'remote reset', 'UR'],
    [1, 'protocol error', 'UPE'],
  ])('a stream that the server resets with %i: 14', async (code, reason, flag) => {
    const server = await serverThat((stream) => stream.close(code))
    expect((await hear(await toServer(server))).slice(0, 3)).toEqual([14, reset + reason, flag])
  })

  test('after a retry the message says so', async () => {
    const server = await startRawGrpc(() => undefined)
    await server.close()
    const retry = {
      numRetries: 1,
      retryOn: ['connect-failure'] as const,
      retriableStatusCodes: [],
      backoffBaseMs: 1,
      backoffMaxMs: 1,
      avoidPreviousHosts: false,
      retryOtherPriorities: false,
    }
    const mesh = await meshOf([route(forward('c', { retry }))], [cluster('c', [endpoint(server.authority)])])
    expect((await hear(mesh)).slice(0, 3)).toEqual([
      14,
      'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure',
      'URX,UF',
    ])
  })

  test('a request that outgrows its buffer while a retry waits: 2', async () => {
    const server = await serverThat((stream) => trailersOnly(stream, 14, { 'grpc-retry-pushback-ms': '1000' }))
    const retry = {
      numRetries: 1,
      retryOn: ['unavailable'] as const,
      retriableStatusCodes: [],
      backoffBaseMs: 1,
      backoffMaxMs: 1,
      avoidPreviousHosts: false,
      retryOtherPriorities: false,
    }
    const mesh = await meshOf([route(forward('c', { retry }))], [cluster('c', [endpoint(server.authority)])])
    using client = new GrpcClient('ratings', { ...meshChannel(mesh), 'grpc.per_rpc_retry_buffer_size': 1_000 })
    const stream = client.bidi('/t/Bidi')
    const answer = collect(stream)
    stream.write(Buffer.from('x'))
    const failed = (): number =>
      mesh.status().clusters.flatMap(({ endpoints }) => endpoints.map(({ failedRequests }) => failedRequests))[0] ?? 0
    await until(() => failed() === 1)
    stream.write(Buffer.alloc(2_000))
    const { code, details } = await answer
    expect({ code, details }).toEqual({ code: 2, details: 'exceeded request buffer limit while retrying upstream' })
    expect(server.requests.length).toBe(1)
  })

  // gRPC's table of HTTP codes; of 200 without a gRPC status grpc-js says 13
  test.each([
    [400, 13],
    [401, 16],
    [403, 7],
    [404, 12],
    [429, 14],
    [502, 14],
    [503, 14],
    [504, 14],
    [507, 2],
    [200, 13],
    [418, 2],
  ])('a server that speaks only HTTP, status %i: %i', async (httpStatus, code) => {
    const server = await serverThat((stream) => {
      stream.respond({ ':status': httpStatus, 'content-type': 'text/html' })
      stream.end('<h1>')
    })
    expect((await hear(await toServer(server)))[0]).toBe(code)
  })

  test('a reset after the head is the end of the stream', async () => {
    const server = await serverThat((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(framed('one'), () => stream.close(2))
    })
    using client = new GrpcClient('ratings', meshChannel(await toServer(server)))
    const { messages, code } = await collect(client.serverStream('/t/Server'))
    expect({ messages: messages.length, code }).toEqual({ messages: 1, code: 13 })
  })

  test.each([
    [{ httpStatus: 555 }, 2],
    [{ httpStatus: 503 }, 14],
    [{ grpcStatus: 7 }, 7],
  ])('C132 a fault aborts with %j: %i', async (abort, code) => {
    const action = forward('c', { fault: { abort: { ...abort, percent: always } } })
    const mesh = await meshOf([route(action)], [cluster('c', [])])
    expect((await hear(mesh)).slice(0, 3)).toEqual([code, 'fault filter abort', 'FI'])
  })

  test('C057 a direct response: status 2, its body as message, its headers as metadata', async () => {
    const responseHeaders = { set: [{ name: 'x-d', value: 'yes' }], add: [], remove: [] }
    const mesh = await meshOf([route({ kind: 'directResponse', status: 418, body: 'tea', responseHeaders })])
    using client = new GrpcClient('ratings', meshChannel(mesh))
    const { code, details, trailers } = await client.unary('/t/Unary')
    expect({ code, details, d: trailers.get('x-d') }).toEqual({ code: 2, details: 'tea', d: ['yes'] })
  })

  test('a redirect: status 2, and where to', async () => {
    const mesh = await meshOf([route({ kind: 'redirect', status: 301, authority: 'other' })])
    using client = new GrpcClient('ratings', meshChannel(mesh))
    const { code, trailers } = await client.unary('/t/Unary')
    expect({ code, location: trailers.get('location') }).toEqual({ code: 2, location: ['http://other/t/Unary'] })
  })

  test("the caller's own end: 1, and it is no failure of the endpoint", async () => {
    const server = await serverThat((stream) => void stream.resume())
    const mesh = await toServer(server)
    using client = new GrpcClient('ratings', meshChannel(mesh))
    const stream = client.serverStream('/t/Server')
    const answer = collect(stream)
    await expect.poll(() => server.requests.length).toBe(1)
    stream.cancel()
    expect((await answer).code).toBe(1)
  })

  test('a closed mesh: 14', async () => {
    const mesh = await meshOf([route(forward('c'))], [cluster('c', [])])
    await mesh.close()
    expect((await hear(mesh)).slice(0, 2)).toEqual([14, 'the mesh is closed'])
  })
})

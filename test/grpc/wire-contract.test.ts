// What a server and a client see of a call is the same with and without the mesh, but for the headers that the mesh adds.
import { compressionAlgorithms, Metadata, status as codes } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { type Answer, collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'

/** What the mesh is meant to add. */
const added = new Set(['x-request-id', 'x-envoy-attempt-count'])

let server: GrpcBackend
let mesh: TestMesh
let seen: Record<string, unknown>[] = []

beforeAll(async () => {
  const note = (metadata: Metadata): void => {
    seen.push(Object.fromEntries(Object.entries(metadata.toJSON()).filter(([name]) => !added.has(name))))
  }
  server = await startGrpc(
    {
      unary: {
        '/t/Echo': (call, answer) => {
          note(call.metadata)
          call.sendMetadata(call.metadata)
          const trailers = new Metadata()
          trailers.set('end-bin', Buffer.from([0, 255]))
          answer(null, call.request, trailers)
        },
        '/t/Fail': (call, answer) => {
          note(call.metadata)
          const metadata = new Metadata()
          metadata.set('grpc-status-details-bin', Buffer.from([8, 5, 18, 2, 104, 105]))
          metadata.add('why', 'one')
          metadata.add('why', 'two')
          answer({ code: codes.NOT_FOUND, details: 'schön % nicht\nda', metadata })
        },
        '/t/FailLate': (call, answer) => {
          note(call.metadata)
          call.sendMetadata(new Metadata())
          answer({ code: codes.ABORTED, details: 'later' })
        },
        '/t/Big': (_call, answer) => answer(null, Buffer.alloc(5 << 20)),
      },
      bidi: {
        '/t/Half': (call) => {
          note(call.metadata)
          call.write(Buffer.from('first'))
          call.once('data', () => call.emit('error', { code: codes.DATA_LOSS, details: 'half' }))
        },
      },
    },
    { 'grpc.max_receive_message_length': 8 << 20 },
  )
  mesh = await startMesh(
    config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])]),
  )
})

afterAll(async () => {
  await mesh.close()
  await server.close()
})

/** The same call by a plain client and through the mesh, and what the server saw of each. */
async function both<T>(
  call: (client: GrpcClient) => Promise<T>,
  options: Record<string, unknown> = {},
): Promise<{ plain: [T, unknown]; meshed: [T, unknown] }> {
  const run = async (client: GrpcClient): Promise<[T, unknown]> => {
    seen = []
    const result = await call(client)
    client.close()
    return [result, seen]
  }
  const plain = await run(new GrpcClient(server.authority, { ...options, 'grpc.default_authority': 'ratings:9080' }))
  const meshed = await run(new GrpcClient('ratings:9080', { ...options, ...meshChannel(mesh) }))
  return { plain, meshed }
}

/** Dates differ from second to second. */
const plainOf = (answer: Answer): unknown => {
  const metadata = { ...answer.metadata?.toJSON(), date: '' }
  for (const name of added) Reflect.deleteProperty(metadata, name)
  return { ...answer, metadata, trailers: { ...answer.trailers.toJSON(), date: '' } }
}

describe('a call is the same with and without the mesh', () => {
  test('metadata, several values of a name and binary ones, both ways', async () => {
    const metadata = new Metadata()
    metadata.add('several', 'a')
    metadata.add('several', 'b, c')
    metadata.add('some-bin', Buffer.from([1, 2, 254]))
    metadata.add('some-bin', Buffer.from('zweiter'))
    metadata.set('empty', '')
    const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Echo', 'x', metadata)))
    expect(meshed).toEqual(plain)
    expect(plain[1]).toMatchObject([{ 'some-bin': expect.any(Array) as unknown }])
  })

  test('status, message and details in trailers alone', async () => {
    const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Fail')))
    expect(meshed).toEqual(plain)
    expect(plain[0]).toMatchObject({ code: 5, details: 'schön % nicht\nda' })
  })

  test('a failure after the head', async () => {
    const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/FailLate')))
    expect(meshed).toEqual(plain)
  })

  test('a stream that fails half way', async () => {
    const { plain, meshed } = await both(async (client) => {
      const stream = client.bidi('/t/Half')
      stream.write(Buffer.from('go'))
      const { messages, code, details } = await collect(stream)
      return { messages: messages.map(String), code, details }
    })
    expect(meshed).toEqual(plain)
    expect(plain[0]).toEqual({ messages: ['first'], code: codes.DATA_LOSS, details: 'half' })
  })

  test('an unknown method', async () => {
    const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Unknown')))
    expect(meshed).toEqual(plain)
    expect(plain[0]).toMatchObject({ code: codes.UNIMPLEMENTED })
  })

  test.each([compressionAlgorithms.gzip, compressionAlgorithms.deflate])('compression %i', async (algorithm) => {
    const message = Buffer.alloc(100_000, 'abc')
    const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Echo', message)), {
      'grpc.default_compression_algorithm': algorithm,
    })
    expect(meshed).toEqual(plain)
    expect(plain[0]).toMatchObject({ code: 0 })
  })

  test('4 MB both ways, and answers beyond the limit', async () => {
    const message = Buffer.alloc(4 << 20, 7)
    const small = await both(async (client) => {
      const { code, message: answer } = await client.unary('/t/Echo', message)
      return { code, same: answer?.equals(message) }
    })
    expect(small.meshed).toEqual(small.plain)
    expect(small.plain[0]).toEqual({ code: 0, same: true })
    const big = await both(async (client) => plainOf(await client.unary('/t/Big')))
    expect(big.meshed).toEqual(big.plain)
    expect(big.plain[0]).toMatchObject({ code: codes.RESOURCE_EXHAUSTED })
  })

  test('a message beyond what the client may send', async () => {
    const { plain, meshed } = await both(
      async (client) => plainOf(await client.unary('/t/Echo', Buffer.alloc(2_000))),
      { 'grpc.max_send_message_length': 1_000 },
    )
    expect(meshed).toEqual(plain)
    expect(plain[0]).toMatchObject({ code: codes.RESOURCE_EXHAUSTED })
  })
})

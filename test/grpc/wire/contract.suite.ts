// What a server and a client see of a call is the same with and without the mesh, but for the differences that are listed here.
// Every kind of server runs it.
import { compressionAlgorithms, Metadata, status as codes } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { type Answer, collect, GrpcClient } from '../../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'
import { until } from '../../kit/until.ts'
import type { Seen, Witness } from './witness.ts'

/** What the mesh is meant to add to requests. */
const addedNames: ReadonlySet<string> = new Set(['x-request-id', 'x-envoy-attempt-count'])

const authority = 'ratings:9080'

interface Both<T> {
  readonly plain: readonly [T, readonly Seen[]]
  readonly meshed: readonly [T, readonly Seen[]]
}

export function wireContract(name: string, start: () => Promise<Witness>): void {
  describe(`a call is the same with and without the mesh: ${name}`, () => {
    let server: Witness
    let mesh: TestMesh
    const added = new Set<string>()

    beforeAll(async () => {
      server = await start()
      mesh = await startMesh(
        config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])]),
      )
    })

    afterAll(async () => {
      await mesh?.close()
      await server?.close()
    })

    /** The same call by a plain client and through the mesh, and what the server saw of each. */
    async function both<T>(
      call: (client: GrpcClient) => Promise<T>,
      options: Record<string, unknown> = {},
    ): Promise<Both<T>> {
      const run = async (client: GrpcClient): Promise<[T, readonly Seen[]]> => {
        await server.seen()
        const result = await call(client)
        client.close()
        return [result, await server.seen()]
      }
      const plain = await run(new GrpcClient(server.authority, { ...options, 'grpc.default_authority': authority }))
      const [result, seen] = await run(new GrpcClient(authority, { ...options, ...meshChannel(mesh) }))
      return { plain, meshed: [result, seen.map((each) => withoutAdded(each, added))] }
    }

    test('metadata, several values of a name and binary ones, both ways', async () => {
      const metadata = new Metadata()
      metadata.add('echo-several', 'a')
      metadata.add('echo-several', 'b, c')
      metadata.add('echo-some-bin', Buffer.from([1, 2, 254]))
      metadata.add('echo-some-bin', Buffer.from('zweiter'))
      metadata.set('empty', '')
      const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Echo', 'x', metadata)))
      expect(meshed).toEqual(plain)
      expect(plain[0]).toMatchObject({ code: 0, metadata: { 'echo-several': expect.any(Array) as unknown } })
      expect(plain[1]).toMatchObject([{ metadata: { 'echo-some-bin': ['AQL+', 'endlaXRlcg=='] } }])
    })

    test('status, message and details in trailers alone', async () => {
      const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Fail')))
      expect(meshed).toEqual(plain)
      expect(plain[0]).toMatchObject({ code: 5, details: 'schön % nicht\nda', trailers: { why: ['one, two'] } })
      expect(plain[0]).toHaveProperty(['trailers', 'grpc-status-details-bin'])
    })

    test('a failure after the head', async () => {
      const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/FailLate')))
      expect(meshed).toEqual(plain)
      expect(plain[0]).toMatchObject({ code: codes.ABORTED, details: 'later' })
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

    test('messages of streams, in their order, either way', async () => {
      const down = await both(async (client) => {
        const { messages, code, trailers } = await collect(client.serverStream('/t/Count'))
        return { messages: messages.map(String), code, trailers: undated(trailers) }
      })
      expect(down.meshed).toEqual(down.plain)
      expect(down.plain[0]).toMatchObject({ messages: '0123456789'.split(''), code: 0 })
      const parts = 'abcdef'.split('').map((letter) => Buffer.from(letter))
      const up = await both(async (client) => plainOf(await client.clientStream('/t/Sum', parts)))
      expect(up.meshed).toEqual(up.plain)
      expect(up.plain[0]).toMatchObject({ code: 0, message: Buffer.from('abcdef') })
    })

    test('an unknown method', async () => {
      const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Unknown')))
      expect(meshed).toEqual(plain)
      expect(plain[0]).toMatchObject({ code: codes.UNIMPLEMENTED })
    })

    // grpc-go has no deflate: the difference between an answer and a refusal is none of the mesh's
    test.each([compressionAlgorithms.gzip, compressionAlgorithms.deflate])('compression %i', async (algorithm) => {
      const message = Buffer.alloc(100_000, 'abc')
      const { plain, meshed } = await both(async (client) => plainOf(await client.unary('/t/Echo', message)), {
        'grpc.default_compression_algorithm': algorithm,
      })
      expect(meshed).toEqual(plain)
      if (algorithm !== compressionAlgorithms.gzip) return
      expect(plain[0]).toMatchObject({ code: 0, message })
      const [seen] = meshed[1]
      if (seen?.encoding !== undefined) expect(seen).toMatchObject({ encoding: 'gzip', compressed: [true] })
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
      // nothing but its head may have been sent, or not even that
      expect(meshed[0]).toEqual(plain[0])
      expect(plain[0]).toMatchObject({ code: codes.RESOURCE_EXHAUSTED })
    })

    test('a deadline goes along, and a cancelled call is cancelled there', async () => {
      const { plain, meshed } = await both(async (client) => {
        const stream = client.serverStream('/t/Hang', '', new Metadata(), { deadline: Date.now() + 600_000 })
        const over = collect(stream)
        stream.once('metadata', () => stream.cancel())
        const { code, details } = await over
        let seen: readonly Seen[] = []
        await until(async () => (seen = await server.seen()).length === 1)
        return { code, details, seen: seen.map((each) => withoutAdded(each, new Set())) }
      })
      expect(meshed).toEqual(plain)
      expect(plain[0]).toMatchObject({ code: codes.CANCELLED, seen: [{ cancelled: true, deadline: true }] })
    })

    test('meant to differ: the metadata that the mesh adds to requests', async () => {
      added.clear()
      await both((client) => client.unary('/t/Echo'))
      expect(added).toEqual(addedNames)
    })

    test('meant to differ: a deadline that passes is one, whoever sees it first', async () => {
      const { plain, meshed } = await both(async (client) => {
        const deadline = Date.now() + 50
        return (await collect(client.serverStream('/t/Hang', '', new Metadata(), { deadline }))).code
      })
      // a plain client takes the reset of a server that knows the deadline too for a cancelled call
      expect([codes.DEADLINE_EXCEEDED, codes.CANCELLED]).toContain(plain[0])
      expect(meshed[0]).toBe(codes.DEADLINE_EXCEEDED)
    })
  })
}

function withoutAdded(seen: Seen, added: Set<string>): Seen {
  const metadata: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(seen.metadata)) {
    if (addedNames.has(name)) added.add(name)
    else metadata[name] = values
  }
  return { ...seen, metadata }
}

const plainOf = (answer: Answer): object => ({
  ...answer,
  metadata: undated(answer.metadata ?? new Metadata()),
  trailers: undated(answer.trailers),
})

/** Dates differ from second to second. */
function undated(metadata: Metadata): object {
  return { ...metadata.toJSON(), date: '' }
}

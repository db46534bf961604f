// The wire contract with servers of grpc-js, and below their API: all that a call is on the wire.
import { gzipSync } from 'node:zlib'
import { compressionAlgorithms, Metadata } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { answerWith, framed, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { wireContract } from './wire/contract.suite.ts'
import { startWitness } from './wire/witness.ts'

wireContract('grpc-js', startWitness)

/** A request as it came in: its headers in their order, and the bytes of its body. */
interface Request {
  readonly headers: readonly string[]
  readonly body: Buffer
}

describe('on the wire', () => {
  closeAfterEach()

  /** The requests of one call, by a plain client and through the mesh. */
  async function both(
    call: (client: GrpcClient) => Promise<unknown>,
    options: Record<string, unknown> = {},
  ): Promise<{ plain: Request; meshed: Request }> {
    const requests: Request[] = []
    const server = opened(
      await startRawGrpc((stream, _headers, _request, raw) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          requests.push({ headers: raw, body: Buffer.concat(chunks) })
          answerWith(stream, 'ok')
        })
      }),
    )
    const m = await mesh(
      config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])]),
    )
    using direct = new GrpcClient(server.authority, { ...options, 'grpc.default_authority': 'ratings:9080' })
    using meshed = new GrpcClient('ratings:9080', { ...options, ...meshChannel(m) })
    await call(direct)
    await call(meshed)
    return { plain: requests[0]!, meshed: requests[1]! }
  }

  const linesOf = ({ headers }: Request): string[] =>
    headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : []))

  test('a request has the same headers and the same bytes, but for two headers more', async () => {
    const metadata = new Metadata()
    metadata.add('several', 'a')
    metadata.add('several', 'b')
    metadata.set('some-bin', Buffer.from([1, 2, 254]))
    const { plain, meshed } = await both((client) => client.unary('/t/Unary', Buffer.alloc(1_000, 'x'), metadata))
    expect(meshed.body).toEqual(plain.body)
    const more = linesOf(meshed).filter((line) => !linesOf(plain).includes(line))
    expect(more.toSorted()).toEqual([
      'x-envoy-attempt-count: 1',
      expect.stringMatching(/^x-request-id: [0-9a-f-]{36}$/),
    ])
    expect(linesOf(meshed).toSorted()).toEqual([...linesOf(plain), ...more].toSorted())
  })

  test.each([
    ['gzip', compressionAlgorithms.gzip],
    ['deflate', compressionAlgorithms.deflate],
  ])('%s: the header says so and the flag of the message is set', async (name, algorithm) => {
    const { plain, meshed } = await both((client) => client.unary('/t/Unary', Buffer.alloc(100_000, 'abc')), {
      'grpc.default_compression_algorithm': algorithm,
    })
    expect(linesOf(meshed)).toContain(`grpc-encoding: ${name}`)
    expect(meshed.body[0]).toBe(1)
    expect(meshed.body.length).toBeLessThan(10_000)
    expect(meshed.body).toEqual(plain.body)
  })

  test('a message that its sender does not want compressed is not, between two that are', async () => {
    const call = (client: GrpcClient): Promise<unknown> =>
      new Promise((resolve) => {
        const stream = client.bidi('/t/Bidi')
        stream.on('data', () => undefined)
        stream.on('status', resolve)
        stream.write(Buffer.alloc(1_000, 'a'))
        // WriteFlags.NoCompress, where grpc-js reads it
        stream.write(Buffer.alloc(1_000, 'b'), '2' as BufferEncoding)
        stream.write(Buffer.alloc(1_000, 'c'))
        stream.end()
      })
    const { plain, meshed } = await both(call, { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip })
    expect(flagsOf(meshed.body)).toEqual([1, 0, 1])
    expect(meshed.body).toEqual(plain.body)
  })

  test('server_compressed_streaming: an answer of which some messages are compressed is read', async () => {
    const messages = [Buffer.alloc(31_415, 'a'), Buffer.alloc(92_653, 'b')]
    const server = opened(
      await startRawGrpc((stream) => {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' },
          { waitForTrailers: true },
        )
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        const compressed = framed(gzipSync(messages[0]!))
        compressed[0] = 1
        stream.write(compressed)
        stream.end(framed(messages[1]!))
      }),
    )
    const m = await mesh(
      config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])]),
    )
    for (const [target, options] of [
      [server.authority, {}],
      ['ratings', meshChannel(m)],
    ] as const) {
      using client = new GrpcClient(target, options)
      const answer = await collect(client.serverStream('/t/Stream'))
      expect({ code: answer.code, same: answer.messages.map((each, n) => each.equals(messages[n]!)) }).toEqual({
        code: 0,
        same: [true, true],
      })
    }
  })

  test('a deadline is what is left of it', async () => {
    const { plain, meshed } = await both((client) =>
      client.unary('/t/Unary', '', new Metadata(), { deadline: Date.now() + 600_000 }),
    )
    const leftMs = ({ headers }: Request): number => {
      const said = /^(\d+)([mS])$/.exec(headers[headers.indexOf('grpc-timeout') + 1] ?? '')
      return Number(said?.[1]) * (said?.[2] === 'S' ? 1_000 : 1)
    }
    for (const request of [plain, meshed]) {
      expect(leftMs(request)).toBeGreaterThan(500_000)
      expect(leftMs(request)).toBeLessThanOrEqual(600_000)
    }
  })
})

/** Of the messages of a body. */
function flagsOf(body: Buffer): number[] {
  const flags: number[] = []
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) flags.push(body[at] ?? -1)
  return flags
}

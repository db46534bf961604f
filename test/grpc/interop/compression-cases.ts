// The official interop cases of compression, for a server that looks at the wire. A client of grpc-js cannot see whether
// an answer was compressed, and compresses all unary calls or none: so there are two clients.
import { Metadata, type ServiceError, status as codes } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { answeredSizes, body, ended, promised, type TestClient } from './cases.ts'
import type { Response, SimpleRequest } from './service.ts'

export interface Clients {
  readonly plain: TestClient
  /** With `grpc.default_compression_algorithm`. */
  readonly compressing: TestClient
}

/** Of grpc-js' writes: not this message. */
const noCompress = '2' as BufferEncoding

export const compressionCases: Readonly<Record<string, (clients: Clients) => Promise<void>>> = {
  async client_compressed_unary({ plain, compressing }) {
    const request = (value: boolean): SimpleRequest => ({
      expectCompressed: { value },
      responseSize: 314_159,
      ...body(271_828),
    })
    expect(await unary(plain, request(true))).toBe(codes.INVALID_ARGUMENT)
    expect(await unary(compressing, request(true))).toBe(314_159)
    expect(await unary(plain, request(false))).toBe(314_159)
  },
  async client_compressed_streaming({ compressing }) {
    const probe = await summed(compressing, [[27_182, true, false]])
    expect(probe.error?.code).toBe(codes.INVALID_ARGUMENT)
    const { value } = await summed(compressing, [
      [27_182, true, true],
      [45_904, false, false],
    ])
    expect(value).toEqual({ aggregatedPayloadSize: 73_086 })
  },
  async server_compressed_unary({ plain }) {
    for (const value of [true, false]) {
      const request = { responseCompressed: { value }, responseSize: 314_159, ...body(271_828) }
      expect(await unary(plain, request)).toBe(314_159)
    }
  },
  async server_compressed_streaming({ plain }) {
    for (const value of [true, false]) {
      const responseParameters = answeredSizes.map((size) => ({ size, compressed: { value } }))
      const { sizes, status } = await ended(plain.StreamingOutputCall({ responseParameters }))
      expect({ sizes, code: status.code }).toEqual({ sizes: answeredSizes, code: codes.OK })
    }
  },
}

/** The size of the answer, or the code. */
async function unary(client: TestClient, request: SimpleRequest): Promise<number | undefined> {
  const { value, error } = await promised<Response>((done) => client.UnaryCall(request, new Metadata(), done))
  return error?.code ?? value?.payload.body.length
}

type Part = readonly [size: number, expectCompressed: boolean, compressed: boolean]

function summed(
  client: TestClient,
  parts: readonly Part[],
): Promise<{ error?: ServiceError; value?: { aggregatedPayloadSize: number } }> {
  return promised((done) => {
    const stream = client.StreamingInputCall(done)
    for (const [size, value, compressed] of parts) {
      const message = { expectCompressed: { value }, ...body(size) }
      if (compressed) stream.write(message)
      else stream.write(message, noCompress)
    }
    stream.end()
  })
}

// The official interop test cases, by their names (grpc/doc/interop-test-descriptions), for any client of a TestService.
import type { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
  status as codes,
  type StatusObject,
} from '@grpc/grpc-js'
import { expect } from 'vitest'
import type { Response, SimpleRequest, StreamRequest } from './service.ts'

type Done<T> = (error: ServiceError | null, value?: T) => void

export interface TestClient extends Client {
  EmptyCall(request: object, done: Done<object>): ClientUnaryCall
  UnaryCall(request: SimpleRequest, metadata: Metadata, done: Done<Response>): ClientUnaryCall
  StreamingOutputCall(request: StreamRequest): ClientReadableStream<Response>
  StreamingInputCall(done: Done<{ aggregatedPayloadSize: number }>): ClientWritableStream<object>
  FullDuplexCall(metadata?: Metadata, options?: object): ClientDuplexStream<StreamRequest, Response>
  UnimplementedCall(request: object, done: Done<object>): ClientUnaryCall
}

const requested = [27_182, 8, 1_828, 45_904]
export const answeredSizes = [31_415, 9, 2_653, 58_979]
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'
export const body = (size: number): { payload: { body: Buffer } } => ({ payload: { body: Buffer.alloc(size) } })

export const interopCases: Readonly<Record<string, (client: TestClient) => Promise<void>>> = {
  async empty_unary(client) {
    expect(await promised((done) => client.EmptyCall({}, done))).toEqual({ value: {} })
  },
  async large_unary(client) {
    const request = { responseSize: 314_159, ...body(271_828) }
    const { value } = await promised<Response>((done) => client.UnaryCall(request, new Metadata(), done))
    expect(value?.payload.body.length).toBe(314_159)
  },
  async client_streaming(client) {
    const answer = await promised<{ aggregatedPayloadSize: number }>((done) => {
      const stream = client.StreamingInputCall(done)
      for (const size of requested) stream.write(body(size))
      stream.end()
    })
    expect(answer.value).toEqual({ aggregatedPayloadSize: 74_922 })
  },
  async server_streaming(client) {
    const stream = client.StreamingOutputCall({ responseParameters: answeredSizes.map((size) => ({ size })) })
    const { sizes, status } = await ended(stream)
    expect({ sizes, code: status.code }).toEqual({ sizes: answeredSizes, code: codes.OK })
  },
  async ping_pong(client) {
    const stream = client.FullDuplexCall()
    const over = ended(stream)
    let sent = 0
    const ask = (): void => {
      if (sent === requested.length) stream.end()
      else stream.write({ responseParameters: [{ size: answeredSizes[sent] ?? 0 }], ...body(requested[sent++] ?? 0) })
    }
    stream.on('data', ask)
    ask()
    const { sizes, status } = await over
    expect({ sizes, code: status.code }).toEqual({ sizes: answeredSizes, code: codes.OK })
  },
  async empty_stream(client) {
    const stream = client.FullDuplexCall()
    stream.end()
    const { sizes, status } = await ended(stream)
    expect({ sizes, code: status.code }).toEqual({ sizes: [], code: codes.OK })
  },
  async cancel_after_begin(client) {
    const { error } = await promised((done) => client.StreamingInputCall(done).cancel())
    expect(error?.code).toBe(codes.CANCELLED)
  },
  async cancel_after_first_response(client) {
    const stream = client.FullDuplexCall()
    const over = ended(stream)
    stream.once('data', () => stream.cancel())
    stream.write({ responseParameters: [{ size: 31_415 }], ...body(27_182) })
    const { sizes, status } = await over
    expect({ sizes, code: status.code }).toEqual({ sizes: [31_415], code: codes.CANCELLED })
  },
  async timeout_on_sleeping_server(client) {
    const stream = client.FullDuplexCall(new Metadata(), { deadline: Date.now() + 1 })
    const over = ended(stream)
    stream.write(body(27_182))
    expect((await over).status.code).toBe(codes.DEADLINE_EXCEEDED)
  },
  async custom_metadata(client) {
    const metadata = new Metadata()
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value')
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from('ababab', 'hex'))
    const stream = client.FullDuplexCall(metadata)
    stream.write({ responseParameters: [{ size: 314_159 }], ...body(271_828) })
    stream.end()
    const call = client.UnaryCall({ responseSize: 314_159, ...body(271_828) }, metadata, () => undefined)
    for (const { ahead, status } of await Promise.all([ended(stream), ended(call)])) {
      expect(ahead?.get('x-grpc-test-echo-initial')).toEqual(['test_initial_metadata_value'])
      expect(status.metadata.get('x-grpc-test-echo-trailing-bin')).toEqual([Buffer.from('ababab', 'hex')])
    }
  },
  status_code_and_message: (client) => echoesStatus(client, 'test status message'),
  special_status_message: (client) => echoesStatus(client, special),
  async unimplemented_method(client) {
    const { error } = await promised((done) => client.UnimplementedCall({}, done))
    expect(error?.code).toBe(codes.UNIMPLEMENTED)
  },
}

async function echoesStatus(client: TestClient, message: string): Promise<void> {
  const responseStatus = { code: 2, message }
  const { error } = await promised<Response>((done) => client.UnaryCall({ responseStatus }, new Metadata(), done))
  const stream = client.FullDuplexCall()
  const over = ended(stream)
  stream.write({ responseStatus })
  stream.end()
  const { status } = await over
  for (const { code, details } of [error ?? status, status])
    expect({ code, details }).toEqual({ code: 2, details: message })
  expect(error).not.toBeUndefined()
}

export function promised<T>(call: (done: Done<T>) => unknown): Promise<{ error?: ServiceError; value?: T }> {
  return new Promise((resolve) => {
    call((error, value) => {
      if (error !== null) resolve({ error })
      else resolve(value === undefined ? {} : { value })
    })
  })
}

interface Ended {
  readonly sizes: number[]
  readonly ahead: Metadata | undefined
  readonly status: StatusObject
}

export function ended(stream: EventEmitter): Promise<Ended> {
  return new Promise((resolve) => {
    const sizes: number[] = []
    let ahead: Metadata | undefined
    stream.on('metadata', (metadata: Metadata) => (ahead = metadata))
    if (stream instanceof Readable) stream.on('data', ({ payload }: Response) => sizes.push(payload.body.length))
    stream.on('error', () => undefined)
    stream.on('status', (status: StatusObject) => setImmediate(() => resolve({ sizes, ahead, status })))
  })
}

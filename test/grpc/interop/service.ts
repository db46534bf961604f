// grpc.testing.TestService as the interop descriptions want it of a server, and its clients.
import { fileURLToPath } from 'node:url'
import {
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

interface Payload {
  readonly body: Buffer
}

interface EchoStatus {
  readonly code: number
  readonly message: string
}

interface BoolValue {
  readonly value: boolean
}

export interface SimpleRequest {
  readonly responseSize?: number
  readonly responseCompressed?: BoolValue
  readonly expectCompressed?: BoolValue
  readonly payload?: Payload
  readonly responseStatus?: EchoStatus | null
}

export interface StreamRequest {
  readonly responseParameters?: readonly { readonly size: number; readonly compressed?: BoolValue }[]
  readonly payload?: Payload
  readonly responseStatus?: EchoStatus | null
}

export interface Response {
  readonly payload: Payload
}

const file = fileURLToPath(new URL('test.proto', import.meta.url))
const loaded = loadPackageDefinition(loadSync(file)) as unknown as { grpc: { testing: GrpcObject } }
export const TestService = loaded.grpc.testing['TestService'] as ServiceClientConstructor
export const UnimplementedService = loaded.grpc.testing['UnimplementedService'] as ServiceClientConstructor

const initial = 'x-grpc-test-echo-initial'
const trailing = 'x-grpc-test-echo-trailing-bin'

export interface InteropServer {
  readonly authority: string
  close(): Promise<void>
}

export async function startInteropServer(): Promise<InteropServer> {
  const server = new Server()
  server.addService(TestService.service, {
    EmptyCall: (call: Unary, answer: sendUnaryData<object>) => answer(null, {}, echo(call)),
    UnaryCall: unary,
    StreamingOutputCall: (call: ServerWritableStream<StreamRequest, object>) => {
      const trailers = echo(call)
      for (const { size } of call.request.responseParameters ?? []) call.write(sized(size))
      call.end(trailers)
    },
    StreamingInputCall: (call: ServerReadableStream<{ payload: Payload }, object>, answer: sendUnaryData<object>) => {
      let size = 0
      call.on('data', ({ payload }: { payload: Payload }) => (size += payload.body.length))
      call.on('end', () => answer(null, { aggregatedPayloadSize: size }, echo(call)))
    },
    FullDuplexCall: duplex,
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return {
    authority: `127.0.0.1:${port}`,
    close: () => {
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}

type Unary = ServerUnaryCall<SimpleRequest, object>

function unary(call: Unary, answer: sendUnaryData<object>): void {
  const { responseStatus, responseSize = 0 } = call.request
  if (responseStatus) answer({ code: responseStatus.code, details: responseStatus.message })
  else answer(null, sized(responseSize), echo(call))
}

function duplex(call: ServerDuplexStream<StreamRequest, object>): void {
  const trailers = echo(call)
  call.on('data', ({ responseStatus, responseParameters = [] }: StreamRequest) => {
    if (responseStatus) call.emit('error', { code: responseStatus.code, details: responseStatus.message })
    for (const { size } of responseParameters) call.write(sized(size))
  })
  call.on('end', () => call.end(trailers))
}

function sized(size: number): Response {
  return { payload: { body: Buffer.alloc(size) } }
}

/** What is asked for comes back ahead of the answer; the rest is for its end. */
function echo(call: { metadata: Metadata; sendMetadata(metadata: Metadata): void }): Metadata {
  const [ahead, trailers] = [new Metadata(), new Metadata()]
  for (const value of call.metadata.get(initial)) ahead.add(initial, value)
  for (const value of call.metadata.get(trailing)) trailers.add(trailing, value)
  if (call.metadata.get(initial).length > 0) call.sendMetadata(ahead)
  return trailers
}

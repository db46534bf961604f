// Calls of a plain grpc-js client in a few words, for tests: messages are buffers.
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials as grpcCredentials,
  type ChannelCredentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js'

const asIs = (bytes: Buffer): Buffer => bytes

export interface Answer {
  readonly code: number
  readonly details: string
  readonly message: Buffer | undefined
  readonly metadata: Metadata | undefined
  readonly trailers: Metadata
}

export class GrpcClient extends Client implements Disposable {
  constructor(
    target: string,
    options: ClientOptions = {},
    credentials: ChannelCredentials = grpcCredentials.createInsecure(),
  ) {
    super(target, credentials, options)
  }

  unary(
    method: string,
    message: Buffer | string = '',
    metadata: Metadata = new Metadata(),
    options: CallOptions = {},
  ): Promise<Answer> {
    return new Promise((resolve) => {
      let head: Metadata | undefined
      let answer: Buffer | undefined
      const call = this.makeUnaryRequest(
        method,
        asIs,
        asIs,
        Buffer.from(message),
        metadata,
        options,
        (_error, value) => {
          answer = value
        },
      )
      call.on('metadata', (received: Metadata) => (head = received))
      call.on('status', ({ code, details, metadata: trailers }: StatusObject) =>
        setImmediate(() => resolve({ code, details, message: answer, metadata: head, trailers })),
      )
    })
  }

  clientStream(method: string, messages: readonly Buffer[], metadata: Metadata = new Metadata()): Promise<Answer> {
    return new Promise((resolve) => {
      let head: Metadata | undefined
      let answer: Buffer | undefined
      const call = this.makeClientStreamRequest(method, asIs, asIs, metadata, (_error, value) => {
        answer = value
      })
      call.on('metadata', (received: Metadata) => (head = received))
      call.on('status', ({ code, details, metadata: trailers }: StatusObject) =>
        setImmediate(() => resolve({ code, details, message: answer, metadata: head, trailers })),
      )
      for (const message of messages) call.write(message)
      call.end()
    })
  }

  serverStream(
    method: string,
    message: Buffer | string = '',
    metadata: Metadata = new Metadata(),
    options: CallOptions = {},
  ): ClientReadableStream<Buffer> {
    return this.makeServerStreamRequest(method, asIs, asIs, Buffer.from(message), metadata, options)
  }

  bidi(
    method: string,
    metadata: Metadata = new Metadata(),
    options: CallOptions = {},
  ): ClientDuplexStream<Buffer, Buffer> {
    return this.makeBidiStreamRequest(method, asIs, asIs, metadata, options)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** All messages of a stream and its status; errors are in the status. */
export function collect(stream: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>): Promise<{
  messages: Buffer[]
  code: number
  details: string
  metadata: Metadata | undefined
  trailers: Metadata
}> {
  return new Promise((resolve) => {
    const messages: Buffer[] = []
    let head: Metadata | undefined
    stream.on('data', (message: Buffer) => messages.push(message))
    stream.on('metadata', (received: Metadata) => (head = received))
    stream.on('error', (_error: ServiceError) => undefined)
    stream.on('status', ({ code, details, metadata }: StatusObject) =>
      setImmediate(() => resolve({ messages, code, details, metadata: head, trailers: metadata })),
    )
  })
}

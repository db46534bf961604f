// Connect's HTTP client over a grpc-js channel: envelopes become messages, metadata headers, and the status trailers.
import { type Client, type ClientDuplexStream, Metadata, type StatusObject } from '@grpc/grpc-js'
import {
  encodeEnvelope,
  pipe,
  transformSplitEnvelope,
  type UniversalClientFn,
  type UniversalClientRequest,
} from '@connectrpc/connect/protocol'
import type { Clock } from '@proxyless/core/spi'
import { Inbox } from './inbox.ts'
import { parseTimeout } from '@connectrpc/connect/protocol-grpc'

type GrpcCall = ClientDuplexStream<Uint8Array, Buffer>

/** Of the HTTP message; grpc-js makes its own, and the timeout becomes a deadline. */
const ownHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-timeout',
  'te',
  'user-agent',
])

export function overGrpc(client: Client, clock: Clock): UniversalClientFn {
  return (request) =>
    new Promise((resolve, reject) => {
      request.signal?.throwIfAborted()
      const call: GrpcCall = client.makeBidiStreamRequest(
        new URL(request.url).pathname,
        (message: Uint8Array) => Buffer.from(message.buffer, message.byteOffset, message.byteLength),
        (message) => message,
        metadataOf(request.header),
        deadlineOf(request.header, clock),
      )
      const abort = (): void => {
        call.cancel()
        reject(request.signal?.reason)
      }
      request.signal?.addEventListener('abort', abort, { once: true })
      const trailer = new Headers()
      const inbox = new Inbox(call)
      const answer = (head: Metadata | undefined): void =>
        resolve({ status: 200, header: headersOf(head), body: messagesOf(call, inbox), trailer })
      call.on('metadata', answer)
      call.on('status', (status: StatusObject) => {
        request.signal?.removeEventListener('abort', abort)
        addStatus(trailer, status)
        answer(undefined)
      })
      // it is told by the status as well
      call.on('error', () => undefined)
      sendAll(call, request).catch((error: unknown) => {
        call.cancel()
        reject(error)
      })
    })
}

function deadlineOf(header: Headers, clock: Clock): { deadline?: number } {
  const { timeoutMs } = parseTimeout(header.get('grpc-timeout'), Infinity)
  return timeoutMs === undefined ? {} : { deadline: clock.wallNow() + timeoutMs }
}

function metadataOf(header: Headers): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of header) {
    if (ownHeaders.has(name)) continue
    if (!name.endsWith('-bin')) metadata.add(name, value)
    else for (const part of value.split(',')) metadata.add(name, Buffer.from(part.trim(), 'base64'))
  }
  return metadata
}

function headersOf(metadata: Metadata | undefined): Headers {
  const header = new Headers()
  if (metadata !== undefined) addMetadata(header, metadata)
  header.set('content-type', 'application/grpc+proto')
  // its messages are decompressed
  header.delete('grpc-encoding')
  return header
}

function addMetadata(header: Headers, metadata: Metadata): void {
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) header.append(name, name.endsWith('-bin') ? unpadded(value) : String(value))
  }
}

/** As gRPC writes base64. */
function unpadded(value: unknown): string {
  return String(value).replace(/=+$/, '')
}

function addStatus(trailer: Headers, { code, details, metadata }: StatusObject): void {
  addMetadata(trailer, metadata)
  trailer.set('grpc-status', String(code))
  trailer.set('grpc-message', encodeURIComponent(details))
}

/** Ends where the call ends, well or not: the status is in the trailers. Whoever stops reading cancels. */
async function* messagesOf(call: GrpcCall, inbox: Inbox): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const message = await inbox.next()
      if (message === undefined) return
      yield encodeEnvelope(0, message)
    }
  } finally {
    call.cancel()
  }
}

/** Until the call is over, which it may be before the body is: then nobody reads on, and whoever makes the body hears of it. */
async function sendAll(call: GrpcCall, { body }: UniversalClientRequest): Promise<void> {
  const over = new Promise<undefined>((resolve) => void call.once('status', () => resolve(undefined)))
  if (body !== undefined) {
    const messages = pipe(body, transformSplitEnvelope(0xffffffff))[Symbol.asyncIterator]()
    for (;;) {
      const next = await Promise.race([over, messages.next()])
      if (next === undefined) {
        messages.return?.().catch(() => undefined)
        return
      }
      if (next.done === true) break
      if (!call.write(next.value.data))
        await Promise.race([over, new Promise((resolve) => call.once('drain', resolve))])
    }
  }
  call.end()
}

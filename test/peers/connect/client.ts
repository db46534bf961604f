// The client under test: makes the call that the runner asks for through the mesh, and says what came of it.
import { create, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt'
import { type CallOptions, ConnectError, createClient } from '@connectrpc/connect'
import { createWritableIterable } from '@connectrpc/connect/protocol'
import { compressionGzip } from '@connectrpc/connect-node'
import { connectTransport } from '@proxyless/grpc/connect'
import type { Meshes } from './meshes.ts'
import type { ConformanceSuite } from './suite.ts'

interface Header {
  readonly name: string
  readonly value: readonly string[]
}

type Cancel =
  | { readonly case: 'beforeCloseSend' }
  | { readonly case: 'afterCloseSendMs'; readonly value: number }
  | { readonly case: 'afterNumResponses'; readonly value: number }
  | { readonly case: undefined }

/** ClientCompatRequest. */
interface Asked {
  readonly testName: string
  readonly httpVersion: 1 | 2
  /** Connect, gRPC, gRPC-web. */
  readonly protocol: 1 | 2 | 3
  /** Protobuf, JSON. */
  readonly codec: 1 | 2
  /** None, gzip. */
  readonly compression: 1 | 2
  readonly host: string
  readonly port: number
  readonly messageReceiveLimit: number
  readonly method?: string
  readonly streamType: number
  readonly useGetHttpMethod: boolean
  readonly requestHeaders: readonly Header[]
  readonly requestMessages: readonly Any[]
  readonly timeoutMs?: number
  readonly requestDelayMs: number
  readonly cancel?: { readonly cancelTiming: Cancel }
}

type Payload = { readonly payload?: object }
type Call = (request: unknown, options: CallOptions) => Promise<Payload> & AsyncIterable<Payload>

const protocols = { 1: 'connect', 2: 'grpc', 3: 'grpc-web' } as const
const fullDuplex = 5

export async function answer(suite: ConformanceSuite, meshes: Meshes, bytes: Uint8Array): Promise<Uint8Array> {
  const asked = fromBinary(suite.message('ClientCompatRequest'), bytes) as unknown as Asked
  const { testName } = asked
  let result: Record<string, unknown>
  try {
    result = { case: 'response', value: await new Conversation(suite, asked).hold(meshes) }
  } catch (error) {
    result = { case: 'error', value: { message: String(error) } }
  }
  const schema = suite.message('ClientCompatResponse')
  return toBinary(schema, create(schema, { testName, result }))
}

class Conversation {
  readonly #suite: ConformanceSuite
  readonly #asked: Asked
  readonly #method: DescMethod
  readonly #cancelling = new AbortController()
  readonly #timing: Cancel
  readonly #payloads: object[] = []
  #headers: readonly Header[] = []
  #trailers: readonly Header[] = []
  #error: object | undefined = undefined

  constructor(suite: ConformanceSuite, asked: Asked) {
    this.#suite = suite
    this.#asked = asked
    const method = suite.service.methods.find(({ name }) => name === asked.method)
    if (method === undefined) throw new Error(`unknown method ${asked.method}`)
    this.#method = method
    this.#timing = asked.cancel?.cancelTiming ?? { case: undefined }
  }

  async hold(meshes: Meshes): Promise<object> {
    try {
      await this.#make(await this.#callOf(meshes))
    } catch (error) {
      this.#fail(ConnectError.from(error))
    }
    return {
      responseHeaders: this.#headers,
      payloads: this.#payloads,
      responseTrailers: this.#trailers,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    }
  }

  async #callOf(meshes: Meshes): Promise<Call> {
    const { protocol, codec, compression, messageReceiveLimit, useGetHttpMethod, httpVersion, host, port } = this.#asked
    const gzip = compression === 2
    const ofConnect = gzip ? { sendCompression: compressionGzip, acceptCompression: [compressionGzip] } : {}
    const transport = connectTransport(await meshes.to(`${host}:${port}`, httpVersion), {
      baseUrl: 'http://conformance',
      protocol: protocols[protocol],
      useBinaryFormat: codec === 1,
      jsonOptions: { registry: this.#suite.registry },
      useHttpGet: useGetHttpMethod,
      compressMinBytes: 0,
      ...(messageReceiveLimit === 0 ? {} : { readMaxBytes: messageReceiveLimit }),
      ...(protocol === 2 ? { channelOptions: gzip ? { 'grpc.default_compression_algorithm': 2 } : {} } : ofConnect),
    })
    const client = createClient(this.#suite.service, transport) as unknown as Record<string, Call>
    const call = client[this.#method.localName]
    if (call === undefined) throw new Error(`the client lacks ${this.#method.localName}`)
    return (request, options) => call(request, options)
  }

  async #make(call: Call): Promise<void> {
    const { streamType, requestMessages } = this.#asked
    const options = this.#options()
    if (streamType === fullDuplex) return await this.#converse(call, options)
    const streams = this.#method.methodKind === 'client_streaming' || this.#method.methodKind === 'bidi_streaming'
    const [first] = requestMessages
    if (!streams && this.#timing.case === 'afterCloseSendMs') this.#cancelAfter(this.#timing.value)
    const request = streams ? this.#requests() : first && this.#unpacked(first)
    if (this.#method.methodKind === 'unary' || this.#method.methodKind === 'client_streaming') {
      this.#take(await call(request, options))
    } else {
      for await (const response of call(request, options)) this.#take(response)
    }
  }

  #options(): CallOptions {
    const { requestHeaders, timeoutMs } = this.#asked
    const headers = new Headers()
    for (const { name, value } of requestHeaders) for (const each of value) headers.append(name, each)
    return {
      headers,
      signal: this.#cancelling.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      onHeader: (given) => void (this.#headers = headersOf(given)),
      onTrailer: (given) => void (this.#trailers = headersOf(given)),
    }
  }

  /** All that is sent, one after another. */
  async *#requests(): AsyncGenerator<object> {
    for (const message of this.#asked.requestMessages) {
      await this.#pause()
      yield this.#unpacked(message)
    }
    if (this.#timing.case === 'beforeCloseSend') this.#cancelling.abort()
    if (this.#timing.case === 'afterCloseSendMs') this.#cancelAfter(this.#timing.value)
  }

  /** Each response is awaited before the next request. */
  async #converse(call: Call, options: CallOptions): Promise<void> {
    const requests = createWritableIterable<object>()
    const responses = call(requests, options)[Symbol.asyncIterator]()
    for (const message of this.#asked.requestMessages) {
      await this.#pause()
      // a write resolves when it was read; the response tells how it went
      requests.write(this.#unpacked(message)).catch(() => undefined)
      const next = await responses.next()
      if (next.done === true) break
      this.#take(next.value)
    }
    if (this.#timing.case === 'beforeCloseSend') this.#cancelling.abort()
    requests.close()
    if (this.#timing.case === 'afterCloseSendMs') this.#cancelAfter(this.#timing.value)
    for (;;) {
      const next = await responses.next()
      if (next.done === true) return
      this.#take(next.value)
    }
  }

  #take({ payload }: Payload): void {
    this.#payloads.push(payload ?? create(this.#suite.message('ConformancePayload')))
    if (this.#timing.case === 'afterNumResponses' && this.#payloads.length === this.#timing.value) {
      this.#cancelling.abort()
    }
  }

  #fail({ code, rawMessage, details, metadata }: ConnectError): void {
    this.#error = {
      code,
      message: rawMessage,
      details: details.map((detail) =>
        'type' in detail ? { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value } : {},
      ),
    }
    if (this.#headers.length === 0) this.#headers = headersOf(metadata)
    if (this.#trailers.length === 0) this.#trailers = headersOf(metadata)
  }

  #unpacked(message: Any): object {
    const unpacked = anyUnpack(message, this.#suite.registry)
    if (unpacked === undefined) throw new Error(`unknown message ${message.typeUrl}`)
    return unpacked
  }

  async #pause(): Promise<void> {
    const { requestDelayMs } = this.#asked
    if (requestDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, requestDelayMs))
  }

  #cancelAfter(delayMs: number): void {
    setTimeout(() => this.#cancelling.abort(), delayMs)
  }
}

function headersOf(headers: Headers): Header[] {
  return [...headers].map(([name, value]) => ({ name, value: [value] }))
}

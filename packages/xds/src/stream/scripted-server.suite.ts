// A server of which the test says every word: an AdsTransport in memory, for both variants. On no clock of its own.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Status } from '../generated/google/rpc/status.ts'
import { Any } from '../generated/google/protobuf/any.ts'
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
  Resource as DeltaResource,
  ResourceName,
} from '../generated/envoy/service/discovery/v3/discovery.ts'
import type { Decode } from './apply.ts'
import { messageUrl, type StreamKind, streamKindOf, TYPE_URLS } from './kinds.ts'
import type { AdsStream, AdsTransport, StreamEvents } from './transport.ts'

/** A request of either variant, as short as a test wants it. */
export interface Said {
  readonly kind: StreamKind | undefined
  readonly node: boolean
  readonly names: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly version: string
  readonly nonce: string
  readonly initial: Readonly<Record<string, string>>
  readonly error: string | undefined
}

export interface Reply {
  readonly version?: string
  readonly nonce: string
  /** Name to content; a content that begins with `bad` is refused, with `throw` it makes the decoder throw. */
  readonly resources?: Readonly<Record<string, string>>
  readonly removed?: readonly string[]
  /** Instead of resources: as they are. */
  readonly raw?: readonly Any[]
  readonly typeUrl?: string
  readonly ttlSeconds?: number
  readonly heartbeat?: readonly string[]
  /** Code and message by name: `resource_errors`. */
  readonly errors?: Readonly<Record<string, readonly [code: number, message: string]>>
  readonly aliases?: Readonly<Record<string, readonly string[]>>
}

const wrapper = 'type.googleapis.com/envoy.service.discovery.v3.Resource'

/** Rests once for each `.` of the content. */
export const decodeText: Decode = function* (_kind, body) {
  const [name = '', content = ''] = new TextDecoder().decode(body.value).split('=')
  for (let rest = content.indexOf('.'); rest !== -1; rest = content.indexOf('.', rest + 1)) yield
  if (content.startsWith('throw')) throw new TypeError('decoder broke')
  if (content === 'nameless') return { ok: false, error: 'cannot be read' }
  return content.startsWith('bad') ? { ok: false, name, error: content } : { ok: true, name, value: content }
}

export function textResource(kind: StreamKind, name: string, content: string): Any {
  return { typeUrl: messageUrl(kind), value: new TextEncoder().encode(`${name}=${content}`) }
}

export class ScriptedStream implements AdsStream {
  readonly method: string
  readonly requests: Said[] = []
  closed = false
  /** Messages that the client has not read yet. */
  unread: Uint8Array[] = []
  readonly #events: StreamEvents
  #reading = false

  constructor(method: string, events: StreamEvents) {
    this.method = method
    this.#events = events
  }

  get isDelta(): boolean {
    return this.method.endsWith('DeltaAggregatedResources')
  }

  send(bytes: Uint8Array): void {
    this.requests.push(this.isDelta ? deltaSaid(bytes) : sotwSaid(bytes))
  }

  close(): void {
    this.closed = true
  }

  accept(): void {
    this.#events.opened()
  }

  end(reason = 'the server went away'): void {
    this.#events.ended(reason)
  }

  reply(kind: StreamKind, reply: Reply): void {
    const bytes = this.isDelta ? deltaReply(kind, reply) : sotwReply(kind, reply)
    const writer = new BinaryWriter().raw(bytes)
    for (const [name, [code, message]] of Object.entries(reply.errors ?? {})) {
      writer.uint32(((this.isDelta ? 9 : 7) << 3) | 2).fork()
      writer.uint32((1 << 3) | 2).bytes(ResourceName.encode(ResourceName.fromPartial({ name })).finish())
      writer.uint32((2 << 3) | 2).bytes(Status.encode(Status.fromPartial({ code, message })).finish())
      writer.join()
    }
    this.bytes(writer.finish())
  }

  bytes(bytes: Uint8Array): void {
    this.unread.push(bytes)
    this.#read()
  }

  /** Takes the requests said since the last look. */
  take(): Said[] {
    return this.requests.splice(0)
  }

  #read(): void {
    if (this.#reading) return
    const bytes = this.unread.shift()
    if (bytes === undefined) return
    this.#reading = true
    this.#events.message(bytes, () => {
      this.#reading = false
      this.#read()
    })
  }
}

export class ScriptedServer implements AdsTransport {
  readonly server = 'scripted:1'
  readonly streams: ScriptedStream[] = []

  open(method: string, events: StreamEvents): ScriptedStream {
    const stream = new ScriptedStream(method, events)
    this.streams.push(stream)
    return stream
  }

  close(): void {
    // nothing is left of a stream that has ended
  }

  get last(): ScriptedStream {
    return this.streams.at(-1)!
  }
}

function sotwSaid(bytes: Uint8Array): Said {
  const request = DiscoveryRequest.decode(bytes)
  return {
    kind: streamKindOf(request.typeUrl),
    node: request.node !== undefined,
    names: request.resourceNames,
    unsubscribe: [],
    version: request.versionInfo,
    nonce: request.responseNonce,
    initial: {},
    error: request.errorDetail?.message,
  }
}

function deltaSaid(bytes: Uint8Array): Said {
  const request = DeltaDiscoveryRequest.decode(bytes)
  return {
    kind: streamKindOf(request.typeUrl),
    node: request.node !== undefined,
    names: request.resourceNamesSubscribe,
    unsubscribe: request.resourceNamesUnsubscribe,
    version: '',
    nonce: request.responseNonce,
    initial: request.initialResourceVersions,
    error: request.errorDetail?.message,
  }
}

function sotwReply(kind: StreamKind, reply: Reply): Uint8Array {
  const resources = Object.entries(reply.resources ?? {}).map(([name, content]) => textResource(kind, name, content))
  const wrapped = resourcesOf(kind, reply).map((resource) =>
    Any.fromPartial({ typeUrl: wrapper, value: resourceBytes(resource) }),
  )
  return DiscoveryResponse.encode(
    DiscoveryResponse.fromPartial({
      typeUrl: reply.typeUrl ?? TYPE_URLS[kind],
      nonce: reply.nonce,
      versionInfo: reply.version ?? '',
      resources: [...(reply.raw ?? []), ...(needsWrapper(reply) ? wrapped : resources)],
    }),
  ).finish()
}

function deltaReply(kind: StreamKind, reply: Reply): Uint8Array {
  return DeltaDiscoveryResponse.encode(
    DeltaDiscoveryResponse.fromPartial({
      typeUrl: reply.typeUrl ?? TYPE_URLS[kind],
      nonce: reply.nonce,
      systemVersionInfo: reply.version ?? '',
      resources: [
        ...resourcesOf(kind, reply),
        ...(reply.raw ?? []).map((resource) => ({ version: reply.version ?? '', resource })),
      ],
      removedResources: [...(reply.removed ?? [])],
    }),
  ).finish()
}

function needsWrapper(reply: Reply): boolean {
  return reply.ttlSeconds !== undefined || reply.heartbeat !== undefined || reply.aliases !== undefined
}

function resourcesOf(kind: StreamKind, reply: Reply): Parameters<typeof DeltaResource.fromPartial>[0][] {
  const version = reply.version ?? ''
  const ttl = reply.ttlSeconds === undefined ? {} : { ttl: { seconds: reply.ttlSeconds, nanos: 0 } }
  return [
    ...Object.entries(reply.resources ?? {}).map(([name, content]) => ({
      name,
      version,
      aliases: [...(reply.aliases?.[name] ?? [])],
      resource: textResource(kind, name, content),
      ...ttl,
    })),
    ...(reply.heartbeat ?? []).map((name) => ({ name, version, ...ttl })),
  ]
}

function resourceBytes(resource: Parameters<typeof DeltaResource.fromPartial>[0]): Uint8Array {
  return DeltaResource.encode(DeltaResource.fromPartial(resource)).finish()
}

// State of the world: every request names all that is wanted; responses of listeners and clusters are complete.
import type { Node } from '../generated/envoy/config/core/v3/base.ts'
import { DiscoveryRequest, DiscoveryResponse, Resource } from '../generated/envoy/service/discovery/v3/discovery.ts'
import { Any } from '../generated/google/protobuf/any.ts'
import { millisecondsOf } from '../decode/duration.ts'
import { takeApart } from '../decode/pieces.ts'
import { type StreamKind, streamKindOf, TYPE_URLS, WILDCARD } from './kinds.ts'
import { readResourceErrors } from './resource-errors.ts'
import type { Incoming, Variant, WireResource } from './variant.ts'

const wrapperUrl = 'type.googleapis.com/envoy.service.discovery.v3.Resource'

/** google.rpc.Code INVALID_ARGUMENT, as every client answers. */
export const REFUSED = 3

export class StateOfTheWorld implements Variant {
  readonly method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources'
  readonly completes = true
  readonly #node: Node
  #nodeSent = false
  readonly #accepted = new Map<StreamKind, string>()
  readonly #nonces = new Map<StreamKind, string>()
  readonly #said = new Map<StreamKind, readonly string[]>()
  /** Sorting ten thousand names for every answer would cost more than all else. */
  readonly #sorted = new WeakMap<ReadonlySet<string>, readonly string[]>()

  constructor(node: Node) {
    this.#node = node
  }

  opened(): void {
    this.#nodeSent = false
    this.#nonces.clear()
    this.#said.clear()
  }

  request(kind: StreamKind, wanted: ReadonlySet<string>): Uint8Array | undefined {
    const said = this.#said.get(kind)
    if (said === undefined && wanted.size === 0) return undefined
    const names = this.#names(kind, wanted)
    if (said !== undefined && sameNames(said, names)) return undefined
    return this.#encode(kind, names, undefined)
  }

  read(bytes: Uint8Array): Incoming {
    const pieces = takeApart(bytes, 2)
    const { typeUrl, versionInfo: version, nonce } = DiscoveryResponse.decode(pieces.rest)
    const kind = streamKindOf(typeUrl)
    if (kind !== undefined) this.#nonces.set(kind, nonce)
    const errors = readResourceErrors(pieces.rest, 7)
    return { typeUrl, kind, nonce, version, resources: decodedResources(pieces.cut(), version), removed: [], errors }
  }

  answer(kind: StreamKind, incoming: Incoming, wanted: ReadonlySet<string>, error: string | undefined): Uint8Array {
    if (error === undefined) this.#accepted.set(kind, incoming.version)
    return this.#encode(kind, this.#names(kind, wanted), error)
  }

  /** Nothing but the wildcard is said by an empty list, which every server knows, as long as no name was said before. */
  #names(kind: StreamKind, wanted: ReadonlySet<string>): readonly string[] {
    const said = this.#said.get(kind) ?? []
    if (wanted.size === 1 && wanted.has(WILDCARD) && said.length === 0) return []
    const known = this.#sorted.get(wanted)
    if (known !== undefined) return known
    const names = [...wanted].sort()
    this.#sorted.set(wanted, names)
    return names
  }

  #encode(kind: StreamKind, names: readonly string[], error: string | undefined): Uint8Array {
    this.#said.set(kind, names)
    const node = this.#nodeSent ? undefined : this.#node
    this.#nodeSent = true
    return DiscoveryRequest.encode(
      DiscoveryRequest.fromPartial({
        ...(node === undefined ? {} : { node }),
        typeUrl: TYPE_URLS[kind],
        versionInfo: this.#accepted.get(kind) ?? '',
        responseNonce: this.#nonces.get(kind) ?? '',
        resourceNames: [...names],
        ...(error === undefined ? {} : { errorDetail: { code: REFUSED, message: error } }),
      }),
    ).finish()
  }
}

function* decodedResources(resources: Iterable<Uint8Array>, version: string): Generator<WireResource> {
  for (const bytes of resources) yield unwrap(decodeAny(bytes), version)
}

function unwrap(any: Any, version: string): WireResource {
  if (any.typeUrl !== wrapperUrl) {
    return { name: undefined, aliases: [], version, ttlMs: undefined, body: any }
  }
  return fromWrapper(decodeWrapper(any.value), version)
}

/** What cannot be read is a resource that cannot be read: it must not cost the others. */
function decodeAny(bytes: Uint8Array): Any {
  try {
    return Any.decode(bytes)
  } catch {
    return { typeUrl: '', value: bytes }
  }
}

export function decodeWrapper(bytes: Uint8Array): Resource {
  try {
    return Resource.decode(bytes)
  } catch {
    return Resource.fromPartial({ resource: { typeUrl: wrapperUrl, value: bytes } })
  }
}

export function fromWrapper(wrapper: Resource, version: string): WireResource {
  return {
    name: wrapper.name === '' ? undefined : wrapper.name,
    aliases: wrapper.aliases,
    version,
    ttlMs: wrapper.ttl === undefined ? undefined : millisecondsOf(wrapper.ttl),
    body: wrapper.resource,
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]))
}

// Delta: requests say what more and what less is wanted, responses what changed and what is gone.
import { takeApart } from '../decode/pieces.ts'
import type { Node } from '../generated/envoy/config/core/v3/base.ts'
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '../generated/envoy/service/discovery/v3/discovery.ts'
import { type StreamKind, streamKindOf, TYPE_URLS, WILDCARD } from './kinds.ts'
import { decodeWrapper, fromWrapper, REFUSED } from './sotw.ts'
import { readResourceErrors } from './resource-errors.ts'
import type { Incoming, KnownVersions, Variant, WireResource } from './variant.ts'

type Changes = Partial<
  Pick<DeltaDiscoveryRequest, 'resourceNamesSubscribe' | 'resourceNamesUnsubscribe' | 'initialResourceVersions'>
>

export class Delta implements Variant {
  readonly method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
  readonly completes = false
  readonly #node: Node
  #nodeSent = false
  readonly #said = new Map<StreamKind, ReadonlySet<string>>()

  constructor(node: Node) {
    this.#node = node
  }

  opened(): void {
    this.#nodeSent = false
    this.#said.clear()
  }

  request(kind: StreamKind, wanted: ReadonlySet<string>, known: KnownVersions): Uint8Array | undefined {
    const said = this.#said.get(kind)
    if (said === wanted) return undefined
    if (said === undefined) return wanted.size === 0 ? undefined : this.#first(kind, wanted, known)
    const more = [...wanted].filter((name) => !said.has(name))
    const less = [...said].filter((name) => !wanted.has(name))
    this.#said.set(kind, wanted)
    if (more.length + less.length === 0) return undefined
    return this.#encode(kind, { resourceNamesSubscribe: more, resourceNamesUnsubscribe: less })
  }

  read(bytes: Uint8Array): Incoming {
    const pieces = takeApart(bytes, 2)
    const { typeUrl, systemVersionInfo, nonce, removedResources } = DeltaDiscoveryResponse.decode(pieces.rest)
    return {
      typeUrl,
      kind: streamKindOf(typeUrl),
      nonce,
      version: systemVersionInfo,
      resources: decodedWrappers(pieces.cut()),
      removed: removedResources,
      errors: readResourceErrors(pieces.rest, 9),
    }
  }

  answer(kind: StreamKind, incoming: Incoming, _wanted: ReadonlySet<string>, error: string | undefined): Uint8Array {
    return this.#encode(kind, {}, incoming.nonce, error)
  }

  /** The first request of a kind on a stream also says what is already here. */
  #first(kind: StreamKind, wanted: ReadonlySet<string>, known: KnownVersions): Uint8Array {
    this.#said.set(kind, wanted)
    const onlyAll = wanted.size === 1 && wanted.has(WILDCARD)
    return this.#encode(kind, {
      resourceNamesSubscribe: onlyAll ? [] : [...wanted],
      initialResourceVersions: Object.fromEntries(known()),
    })
  }

  #encode(kind: StreamKind, changes: Changes, nonce = '', error?: string): Uint8Array {
    const node = this.#nodeSent ? undefined : this.#node
    this.#nodeSent = true
    return DeltaDiscoveryRequest.encode(
      DeltaDiscoveryRequest.fromPartial({
        ...(node === undefined ? {} : { node }),
        typeUrl: TYPE_URLS[kind],
        ...changes,
        responseNonce: nonce,
        ...(error === undefined ? {} : { errorDetail: { code: REFUSED, message: error } }),
      }),
    ).finish()
  }
}

function* decodedWrappers(wrappers: Iterable<Uint8Array>): Generator<WireResource> {
  for (const bytes of wrappers) {
    const wrapper = decodeWrapper(bytes)
    yield fromWrapper(wrapper, wrapper.version)
  }
}

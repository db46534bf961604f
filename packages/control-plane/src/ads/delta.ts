// Delta, served: requests say what more and what less is wanted, responses what changed and what is gone.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  isFullState,
  kindOf,
  TYPE_URLS,
  WILDCARD,
} from '@proxyless/xds/wire'
import type { EncodedResource } from './resource-set.ts'
import type { Request, Variant } from './variant.ts'
import type { Telling } from './watch.ts'

export const delta: Variant = {
  name: 'delta',
  method: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  manner: () => 'changes',

  read(bytes): Request {
    const message = DeltaDiscoveryRequest.decode(bytes)
    const { node, typeUrl, responseNonce, errorDetail, resourceNamesSubscribe: more } = message
    const kind = kindOf(typeUrl)
    const all = kind !== undefined && isFullState(kind) && more.length === 0
    return {
      node,
      typeUrl,
      kind,
      nonce: responseNonce,
      error: errorDetail?.message,
      names: more,
      voidWhenStale: false,
      apply: (watch, first, set) => {
        watch.subscribe(first && all ? [WILDCARD] : more)
        watch.unsubscribe(message.resourceNamesUnsubscribe)
        const versions = message.initialResourceVersions
        if (first && Object.keys(versions).length > 0) watch.resume(versions, set)
      },
    }
  },

  write(kind, telling, nonce): Uint8Array {
    const { version, removed } = telling
    const own = { typeUrl: TYPE_URLS[kind], systemVersionInfo: version, nonce, removedResources: [...removed] }
    const head = DeltaDiscoveryResponse.encode(DeltaDiscoveryResponse.fromPartial(own)).finish()
    return Buffer.concat([head, bodyOf(telling)])
  },
}

/** Of DeltaDiscoveryResponse, and of the Resource that stands in it. */
const resourcesField = 2
const wrapped = { version: 1, resource: 2, name: 3 }

const bodies = new WeakMap<readonly EncodedResource[], Uint8Array>()

/** Encoded once for all who are told the same. Messages of protobuf may be joined. */
function bodyOf({ resources }: Telling): Uint8Array {
  let body = bodies.get(resources)
  if (body === undefined) {
    const writer = new BinaryWriter()
    for (const resource of resources) {
      writer.tag(resourcesField, WireType.LengthDelimited).fork()
      writer.tag(wrapped.version, WireType.LengthDelimited).string(resource.version)
      writer.tag(wrapped.resource, WireType.LengthDelimited).bytes(resource.any)
      writer.tag(wrapped.name, WireType.LengthDelimited).string(resource.name)
      writer.join()
    }
    bodies.set(resources, (body = writer.finish()))
  }
  return body
}

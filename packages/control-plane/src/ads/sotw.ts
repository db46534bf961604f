// State of the world, served: every request names all that is wanted; responses of listeners and clusters are complete.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { DiscoveryRequest, DiscoveryResponse, isFullState, kindOf, TYPE_URLS } from '@proxyless/xds/wire'
import type { EncodedResource } from './resource-set.ts'
import type { Request, Variant } from './variant.ts'
import type { Telling } from './watch.ts'

export const stateOfTheWorld: Variant = {
  name: 'sotw',
  method: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  manner: (kind) => (isFullState(kind) ? 'whole' : 'parts'),

  read(bytes): Request {
    const { node, typeUrl, responseNonce, errorDetail, resourceNames } = DiscoveryRequest.decode(bytes)
    const kind = kindOf(typeUrl)
    return {
      node,
      typeUrl,
      kind,
      nonce: responseNonce,
      error: errorDetail?.message,
      names: resourceNames,
      voidWhenStale: true,
      apply: (watch) => watch.replace(resourceNames, kind !== undefined && isFullState(kind)),
    }
  },

  write(kind, telling, nonce): Uint8Array {
    const own = { typeUrl: TYPE_URLS[kind], versionInfo: telling.version, nonce }
    const head = DiscoveryResponse.encode(DiscoveryResponse.fromPartial(own)).finish()
    return Buffer.concat([head, bodyOf(telling)])
  },
}

/** Of DiscoveryResponse. */
const resourcesField = 2

const bodies = new WeakMap<readonly EncodedResource[], Uint8Array>()

/** Encoded once for all who are told the same. Messages of protobuf may be joined. */
function bodyOf({ resources }: Telling): Uint8Array {
  let body = bodies.get(resources)
  if (body === undefined) {
    const writer = new BinaryWriter()
    for (const { any } of resources) writer.tag(resourcesField, WireType.LengthDelimited).bytes(any)
    bodies.set(resources, (body = writer.finish()))
  }
  return body
}

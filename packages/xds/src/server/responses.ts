// What a control plane says on a stream of ADS, in both variants. Resources are already bytes and are only put together.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { EncodedResource } from '../encode/encoder.ts'
import { type Kind, TYPE_URLS } from '../stream/kinds.ts'

export const ADS_METHODS = {
  sotw: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  delta: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
} as const

interface Response {
  readonly kind: Kind
  readonly nonce: string
  /** Of all resources of this kind together. */
  readonly version: string
  readonly resources: Iterable<EncodedResource>
}

export interface DeltaResponse extends Response {
  readonly removed: Iterable<string>
}

/** A DiscoveryResponse. */
export function writeSotwResponse({ kind, nonce, version, resources }: Response): Uint8Array {
  const writer = new BinaryWriter()
  writer.uint32(field(1)).string(version)
  for (const { any } of resources) writer.uint32(field(2)).bytes(any)
  writer.uint32(field(4)).string(TYPE_URLS[kind])
  writer.uint32(field(5)).string(nonce)
  return writer.finish()
}

/** A DeltaDiscoveryResponse. */
export function writeDeltaResponse({ kind, nonce, version, resources, removed }: DeltaResponse): Uint8Array {
  const writer = new BinaryWriter()
  writer.uint32(field(1)).string(version)
  for (const resource of resources) {
    writer.uint32(field(2)).fork()
    writer.uint32(field(1)).string(resource.version)
    writer.uint32(field(2)).bytes(resource.any)
    writer.uint32(field(3)).string(resource.name)
    writer.join()
  }
  writer.uint32(field(4)).string(TYPE_URLS[kind])
  writer.uint32(field(5)).string(nonce)
  for (const name of removed) writer.uint32(field(6)).string(name)
  return writer.finish()
}

/** The tag of a field with a length. */
function field(number: number): number {
  return number * 8 + 2
}

// Messages inside a google.protobuf.Any.
import type { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Any } from '../generated/google/protobuf/any.ts'
import type { Reading } from './reading.ts'

interface Codec<T> {
  decode(input: BinaryReader | Uint8Array): T
}

/** `envoy.config.cluster.v3.Cluster` of `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
export function messageName(any: Any | undefined): string {
  const url = any?.typeUrl ?? ''
  return url.slice(url.lastIndexOf('/') + 1)
}

/** Undefined, and refused, when the bytes are not such a message. */
export function unpack<T>(reading: Reading, path: string, codec: Codec<T>, any: Any): T | undefined {
  try {
    return codec.decode(any.value)
  } catch (error) {
    reading.refuse(
      path,
      `${messageName(any)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
    return undefined
  }
}

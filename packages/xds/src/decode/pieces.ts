// Takes a message apart before it is decoded: the elements of one repeated field, each to be decoded when its turn comes, and the rest.
// What is no message any more is left in the rest, where its decoder finds it.
import { BinaryReader } from '@bufbuild/protobuf/wire'

/** Of a listener, route configuration, cluster or assignment: all have it in field 1. Undefined where it does not stand first. */
export function nameIn(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 10) return undefined
  try {
    const reader = new BinaryReader(bytes)
    reader.uint32()
    return reader.string()
  } catch {
    return undefined
  }
}

export interface Pieces {
  /** A message without the field. */
  readonly rest: Uint8Array
  readonly elements: readonly Uint8Array[]
}

/** @param field number of a repeated field of messages */
export function takeApart(bytes: Uint8Array, field: number): Pieces {
  const reader = new BinaryReader(bytes)
  const tag = field * 8 + 2
  const elements: Uint8Array[] = []
  const rest: Uint8Array[] = []
  let from = 0
  while (reader.pos < reader.len) {
    const start = reader.pos
    const found = reader.uint32()
    if (found === tag) {
      if (start > from) rest.push(bytes.subarray(from, start))
      elements.push(reader.bytes())
      from = reader.pos
      // the end of a group, or nothing: decoders stop here
    } else if ((found & 7) === 4 || found === 0) break
    else reader.skip(found & 7)
  }
  if (from < bytes.length) rest.push(bytes.subarray(from))
  return { rest: rest.length === 1 && rest[0] !== undefined ? rest[0] : joined(rest), elements }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

// Takes a message apart before it is decoded: the elements of one repeated field, each to be decoded when its turn comes, and the rest.
// What is no message any more is left in the rest, where its decoder finds it.
import { BinaryReader } from '@bufbuild/protobuf/wire'

/** Of a listener, route configuration, cluster or assignment: all have it in field 1. Undefined where it does not stand first. */
export function nameIn(bytes: Uint8Array): string | undefined {
  return inFieldOne(bytes, (reader) => reader.string())
}

/** Of a document in istiod's envelope: in field 1 of the message in field 1. */
export function nameInEnvelope(bytes: Uint8Array): string | undefined {
  return inFieldOne(bytes, (reader) => nameIn(reader.bytes()))
}

function inFieldOne(bytes: Uint8Array, read: (reader: BinaryReader) => string | undefined): string | undefined {
  if (bytes[0] !== 10) return undefined
  try {
    const reader = new BinaryReader(bytes)
    reader.uint32()
    return read(reader)
  } catch {
    return undefined
  }
}

interface Codec<T> {
  decode(reader: BinaryReader, length: number): T
}

export class Pieces {
  /** The message without the field. */
  readonly rest: Uint8Array
  readonly #bytes: Uint8Array
  readonly #reader: BinaryReader
  /** Beginnings and ends of the elements. */
  readonly #places: readonly number[]

  constructor(bytes: Uint8Array, reader: BinaryReader, rest: Uint8Array, places: readonly number[]) {
    this.rest = rest
    this.#bytes = bytes
    this.#reader = reader
    this.#places = places
  }

  /** The elements, each decoded when its turn comes; all by one reader, which is what they would cost else. */
  *decoded<T>(codec: Codec<T>): Generator<T> {
    for (const [start, end] of this.#ranges()) {
      this.#reader.pos = start
      yield codec.decode(this.#reader, end - start)
    }
  }

  *cut(): Generator<Uint8Array> {
    for (const [start, end] of this.#ranges()) yield this.#bytes.subarray(start, end)
  }

  *#ranges(): Generator<readonly [number, number]> {
    for (let at = 0; at < this.#places.length; at += 2) yield [this.#places[at]!, this.#places[at + 1]!]
  }
}

/** @param field number of a repeated field of messages. @throws where the bytes are cut off */
export function takeApart(bytes: Uint8Array, field: number): Pieces {
  const reader = new BinaryReader(bytes)
  const tag = field * 8 + 2
  const places: number[] = []
  const rest: Uint8Array[] = []
  let from = 0
  while (reader.pos < reader.len) {
    const start = reader.pos
    const found = reader.uint32()
    if (found === tag) {
      if (start > from) rest.push(bytes.subarray(from, start))
      const length = reader.uint32()
      from = reader.pos + length
      if (from > bytes.length) throw new RangeError('premature end of the message')
      places.push(reader.pos, from)
      reader.pos = from
      // the end of a group, or nothing: decoders stop here
    } else if ((found & 7) === 4 || found === 0) break
    else reader.skip(found & 7)
  }
  if (from < bytes.length) rest.push(bytes.subarray(from))
  return new Pieces(bytes, reader, rest.length === 1 && rest[0] !== undefined ? rest[0] : joined(rest), places)
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

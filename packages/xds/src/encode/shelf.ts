// Encoded resources of one kind, by name: what comes out the same as before is the same object.
import { hash } from 'node:crypto'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { type Kind, TYPE_URLS } from '../stream/kinds.ts'
import type { EncodedResource } from './encoder.ts'

interface Kept {
  readonly parts: readonly unknown[]
  readonly resource: EncodedResource
}

export class Shelf {
  readonly #kind: Kind
  #before = new Map<string, Kept>()
  #now = new Map<string, Kept>()

  constructor(kind: Kind) {
    this.#kind = kind
  }

  /** What was not put since the last beginning is forgotten. */
  begin(): void {
    this.#before = this.#now
    this.#now = new Map<string, Kept>()
  }

  /**
   * Puts a resource; it is written only when one of its parts is another object than the last time.
   * @param write its message, encoded
   */
  put(name: string, parts: readonly unknown[], write: () => Uint8Array): EncodedResource {
    const before = this.#before.get(name)
    const resource =
      before !== undefined && sameParts(before.parts, parts)
        ? before.resource
        : this.#unlessSame(before?.resource, encodeResource(this.#kind, name, write()))
    this.#now.set(name, { parts, resource })
    return resource
  }

  #unlessSame(before: EncodedResource | undefined, now: EncodedResource): EncodedResource {
    return before?.version === now.version ? before : now
  }
}

export function encodeResource(kind: Kind, name: string, value: Uint8Array): EncodedResource {
  const writer = new BinaryWriter()
  writer.uint32(10).string(TYPE_URLS[kind])
  writer.uint32(18).bytes(value)
  return { name, any: writer.finish(), version: hash('sha256', value, 'base64url').slice(0, 16) }
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index])
}

// A document in force as its author wrote it, for whoever hands documents on.
import { isRecord } from '../schema/walk.ts'
import type { Chunk } from './chunk.ts'
import { parseChunk } from './parse.ts'
import type { Resource } from './resource.ts'

export interface DocumentName {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface OwnDocument extends DocumentName {
  /** Plain data. */
  readonly value: Readonly<Record<string, unknown>>
}

const known = new WeakMap<Resource, OwnDocument>()
/** Of the chunk read last: the items of a long list stand in one. */
let last: { readonly chunk: Chunk; readonly value: unknown } | undefined

/** The same object for the same resource. */
export function ownDocumentOf(resource: Resource): OwnDocument {
  let document = known.get(resource)
  if (document === undefined) known.set(resource, (document = read(resource)))
  return document
}

function read({ kind, namespace, name, chunk, root }: Resource): OwnDocument {
  if (last?.chunk !== chunk) last = { chunk, value: parseChunk(chunk).value }
  let value: unknown = last.value
  for (const key of root) value = (value as Readonly<Record<string | number, unknown>>)[key]
  const written = value as Readonly<Record<string, unknown>>
  const { metadata } = written
  const placed = isRecord(metadata) && kind !== 'MeshConfig' ? { ...metadata, namespace } : metadata
  return { kind, namespace, name, value: { ...written, ...(placed === undefined ? {} : { metadata: placed }) } }
}

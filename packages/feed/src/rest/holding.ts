// What a feed said last, as a whole: immutable, made anew by every answer and every commit.
import type { DocumentText } from '@proxyless/core/spi'
import { isRecord, textField } from './json.ts'

export interface Holding {
  /** Opaque; empty when the feed names none. */
  readonly version: string
  /** Of the answer of `/v1/config`; undefined when a stream brought it. */
  readonly etag: string | undefined
  readonly texts: readonly DocumentText[]
  /** By identity; undefined for a text (YAML), to which no change can be applied. */
  readonly documents: ReadonlyMap<string, DocumentText> | undefined
  /** The feed says that it means it when nothing is left. */
  readonly allowEmpty: boolean
}

/** `VirtualService/default/reviews`; undefined when kind or name is missing. */
export function keyOf(kind: string, namespace: string, name: string): string | undefined {
  if (kind === '' || name === '') return undefined
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`
}

export function keyOfDocument(document: unknown): string | undefined {
  if (!isRecord(document) || !isRecord(document['metadata'])) return undefined
  const { metadata } = document
  return keyOf(textField(document, 'kind'), textField(metadata, 'namespace'), textField(metadata, 'name'))
}

/** One document as a text that names the feed and the document. */
export function textOfDocument(feed: string, key: string, document: unknown): DocumentText {
  return { name: `${feed}#${key}`, text: JSON.stringify(document, undefined, 2) }
}

/** The next holding with the texts of the one before wherever they are equal, so that nothing is read again. */
export function sharing(before: Holding | undefined, next: Holding): Holding {
  if (before === undefined) return next
  const known = new Map(before.texts.map((text) => [text.name, text]))
  const keep = (text: DocumentText): DocumentText => {
    const old = known.get(text.name)
    return old?.text === text.text ? old : text
  }
  const documents = next.documents && new Map([...next.documents].map(([key, text]) => [key, keep(text)]))
  const texts = documents === undefined ? next.texts.map(keep) : [...documents.values()]
  const same = texts.length === before.texts.length && texts.every((text, index) => text === before.texts[index])
  return { ...next, documents, texts: same ? before.texts : texts }
}

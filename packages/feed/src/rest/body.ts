// The answer of `/v1/config` to what it holds: documents in JSON, or a YAML text that is left as it is.
import type { DocumentText } from '@proxyless/core/spi'
import { type Holding, keyOfDocument, textOfDocument } from './holding.ts'
import { isRecord, parseJson, textField } from './json.ts'
import { Refusal } from './refusal.ts'

export interface Body {
  readonly text: string
  readonly type: string
  readonly etag: string | undefined
}

/** @throws Refusal when the answer is nothing that documents could be in */
export function readBody(feed: string, { text, type, etag }: Body): Holding {
  if (/\bhtml\b/i.test(type)) {
    throw new Refusal('FEED_REFUSED', 'the answer is a page (text/html), not JSON or YAML; is the address right?')
  }
  const looksLikeJson = /^\uFEFF?\s*[{[]/.test(text)
  if (/\bjson\b/i.test(type) || looksLikeJson) {
    const value = readAsJson(text, type)
    if (isRecord(value) && Array.isArray(value['documents'])) return readDocuments(feed, value, etag)
  }
  return { version: etag ?? '', etag, texts: [{ name: feed, text }], documents: undefined, allowEmpty: false }
}

/** YAML may open with a brace too: then it is only looked at. */
function readAsJson(text: string, type: string): unknown {
  try {
    return parseJson(text, 'the answer', 2)
  } catch (error) {
    if (/\bjson\b/i.test(type) || (error as Error).message.includes('nested')) throw error
    return undefined
  }
}

function readDocuments(feed: string, value: Readonly<Record<string, unknown>>, etag: string | undefined): Holding {
  const documents = new Map<string, DocumentText>()
  for (const [index, document] of (value['documents'] as readonly unknown[]).entries()) {
    const key = keyOfDocument(document) ?? `documents[${index}]`
    // a second one of the same name is for the reader of documents to judge
    const place = documents.has(key) ? `${key}~${index}` : key
    documents.set(place, textOfDocument(feed, place, document))
  }
  const version = textField(value, 'version')
  return {
    version: version === '' ? (etag ?? '') : version,
    etag,
    texts: [...documents.values()],
    documents,
    allowEmpty: value['allowEmpty'] === true,
  }
}

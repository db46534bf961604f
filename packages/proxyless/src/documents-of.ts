// What `config` names as one source of documents: paths, feeds, and documents themselves, in layers.
import type { DocumentSource } from '@proxyless/core'
import { type DocumentFeed, feed, type FeedContext, fileSource, layers } from '@proxyless/feed'
import { documentSource } from '@proxyless/istio'

type Part = string | object

/** @throws MeshError INVALID_OPTION for the address of a feed that is none */
export function documentsOf(config: string | DocumentFeed | readonly Part[], context: FeedContext): DocumentSource {
  if (typeof config === 'string' && !isAddress(config)) return fileSource(config, { clock: context.clock })
  const parts = Array.isArray(config) ? (config as readonly Part[]) : [config]
  const sources: DocumentSource[] = []
  // documents that stand together are one layer
  let documents: Part[] = []
  const close = (): void => {
    if (documents.length > 0) sources.push(documentSource(documents))
    documents = []
  }
  for (const part of parts) {
    const source = sourceOf(part, context)
    if (source === undefined) documents.push(part)
    else {
      close()
      sources.push(source)
    }
  }
  close()
  const [only] = sources
  if (only === undefined) return documentSource([])
  return sources.length === 1 ? only : layers(sources)
}

/** Undefined for a document. */
function sourceOf(part: Part, context: FeedContext): DocumentSource | undefined {
  if (typeof part !== 'string') return isFeed(part) ? part.open(context) : undefined
  if (isAddress(part)) return feed({ url: part }).open(context)
  const isText = part.trim() === '' || /[\r\n]|^\s*[{[]|:\s/.test(part)
  return isText ? undefined : fileSource(part, { clock: context.clock })
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text)
}

function isFeed(part: object): part is DocumentFeed {
  return 'open' in part && typeof part.open === 'function'
}

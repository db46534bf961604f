// The events of a stream to whole configurations: gathers what comes, applies it at `commit` and never before.
// Knows no connection; the stream makes one per connection.
import type { DocumentText } from '@proxyless/core/spi'
import { type Holding, keyOf, keyOfDocument, textOfDocument } from './holding.ts'
import { isRecord, textField } from './json.ts'
import { Refusal } from './refusal.ts'

type Event = Readonly<Record<string, unknown>>

export class Transfer {
  readonly #feed: string
  /** What the server was told that we have: at first by the request, then by its own commits. */
  #basis: Holding['documents']
  #draft: Map<string, DocumentText> | undefined

  constructor(feed: string, basis: Holding['documents']) {
    this.#feed = feed
    this.#basis = basis
  }

  /** Something has come that a commit is to end. */
  get isOpen(): boolean {
    return this.#draft !== undefined
  }

  /** @throws Refusal when the server builds on what is not there: then it must be asked for everything */
  intent(event: Event): void {
    const mode = textField(event, 'mode')
    if (mode === 'full') this.#draft = new Map()
    else if (mode === 'changes') this.#draft = this.#fromBasis()
    else if (mode === 'none') this.#draft = undefined
    else
      throw new Refusal('FEED_REFUSED', `the stream has an intent of the mode "${mode}"; known are full, changes, none`)
  }

  /** Returns why the document is left out, which concerns no other of its commit. @throws Refusal as `intent` */
  put(event: Event): Refusal | undefined {
    const document = event['document']
    const key = keyOfDocument(document)
    if (key === undefined) {
      const kind = isRecord(document) ? textField(document, 'kind') : ''
      return new Refusal(
        'FEED_REFUSED',
        `the stream puts a ${kind || 'document'} without kind or metadata.name; it is left out`,
      )
    }
    const draft = (this.#draft ??= this.#fromBasis())
    draft.delete(key)
    draft.set(key, textOfDocument(this.#feed, key, document))
    return undefined
  }

  delete(event: Event): Refusal | undefined {
    const key = keyOf(textField(event, 'kind'), textField(event, 'namespace'), textField(event, 'name'))
    if (key === undefined) return new Refusal('FEED_REFUSED', 'the stream deletes something without kind or name')
    const draft = (this.#draft ??= this.#fromBasis())
    draft.delete(key)
    return undefined
  }

  commit(event: Event): Holding {
    const documents = this.#draft ?? this.#fromBasis()
    this.#draft = undefined
    this.#basis = documents
    const version = textField(event, 'version')
    const allowEmpty = event['allowEmpty'] === true
    return { version, etag: undefined, texts: [...documents.values()], documents, allowEmpty }
  }

  #fromBasis(): Map<string, DocumentText> {
    if (this.#basis === undefined) {
      throw new Refusal(
        'FEED_REFUSED',
        'the stream sends changes to a configuration that is not here; all of it is asked for',
      )
    }
    return new Map(this.#basis)
  }
}

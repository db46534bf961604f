// What the feed hands out: an edition for every version of the documents, the last ones kept, so that a client that knows one
// of them is told only what changed since. Knows no HTTP.
import type { Problem } from '@proxyless/core/spi'
import type { OwnDocument, Reading } from '@proxyless/istio'

export interface Edition {
  readonly version: string
  /** Identity (kind, namespace, name) to the document. */
  readonly documents: ReadonlyMap<string, Leaf>
  /** Documents that are refused: what is handed out of them is their last good version, or nothing. */
  readonly refused: readonly Problem[]
}

export interface Leaf extends OwnDocument {
  readonly json: string
}

export interface Difference {
  readonly put: readonly Leaf[]
  readonly gone: readonly Leaf[]
}

/** Clients that were away for longer are told everything. */
const kept = 32

const leaves = new WeakMap<OwnDocument, Leaf>()

export class Editions {
  #reading: Reading | undefined
  #kept: readonly Edition[] = []
  /** Until somebody asks, nothing is worked out. */
  #asked = false
  #building: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<(edition: Edition) => void>()

  /** The edition of what was added last; undefined before anything was. */
  async newest(): Promise<Edition | undefined> {
    if (!this.#asked && this.#reading !== undefined) this.#build(this.#reading)
    this.#asked = true
    await this.#building
    return this.#kept.at(-1)
  }

  /** One of the last. */
  find(version: string): Edition | undefined {
    return this.#kept.findLast((edition) => edition.version === version)
  }

  /** Listeners are told as well when only what is refused is another. Resolves when they are. */
  async add(reading: Reading): Promise<void> {
    this.#reading = reading
    if (this.#asked) this.#build(reading)
    await this.#building
  }

  /** Returns how to stop. */
  listen(listener: (edition: Edition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One after the other; one that fails costs itself only. */
  #build(reading: Reading): void {
    const build = async (): Promise<void> => {
      const edition = await editionOf(reading)
      const before = this.#kept.filter(({ version }) => version !== edition.version)
      this.#kept = [...before, edition].slice(-kept)
      for (const listener of this.#listeners) listener(edition)
    }
    this.#building = this.#building.then(build, build)
  }
}

export function differenceBetween(before: Edition, after: Edition): Difference {
  return {
    put: [...after.documents].flatMap(([key, leaf]) => (before.documents.get(key)?.json === leaf.json ? [] : [leaf])),
    gone: [...before.documents].flatMap(([key, leaf]) => (after.documents.has(key) ? [] : [leaf])),
  }
}

async function editionOf(reading: Reading): Promise<Edition> {
  const documents = new Map<string, Leaf>()
  for (const document of await reading.documents()) {
    let leaf = leaves.get(document)
    if (leaf === undefined) leaves.set(document, (leaf = { ...document, json: JSON.stringify(document.value) }))
    documents.set(`${leaf.kind} ${leaf.namespace}/${leaf.name}`, leaf)
  }
  const refused = reading.problems.filter(({ severity, outcome }) => severity === 'error' && outcome !== 'applied')
  return { version: reading.version, documents, refused }
}

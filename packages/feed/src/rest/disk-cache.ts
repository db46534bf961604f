// The last good configuration on disk: one file per feed, replaced whole or not at all, for this user's eyes only.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { DocumentText } from '@proxyless/core/spi'
import type { Holding } from './holding.ts'
import { isRecord } from './json.ts'

export interface Cached {
  readonly holding: Holding
  readonly writtenAtMs: number
}

interface Content {
  readonly format: 1
  readonly feed: string
  readonly writtenAtMs: number
  readonly version: string
  readonly etag?: string
  /** Keys of the texts, in their order; absent for texts that changes cannot be applied to. */
  readonly keys?: readonly string[]
  readonly texts: readonly DocumentText[]
}

/** Several meshes of one process may keep the same feed in the same place. */
let drafts = 0

export class DiskCache {
  readonly #directory: string
  readonly #feed: string
  readonly #file: string
  #writing: Promise<void> = Promise.resolve()
  #next: Cached | undefined

  /** @param key tells this feed from others in the same directory */
  constructor(directory: string, feed: string, key: string) {
    this.#directory = directory
    this.#feed = feed
    this.#file = join(directory, `feed-${key}.json`)
  }

  get file(): string {
    return this.#file
  }

  /** Undefined when there is none. @throws Error when there is one that cannot be used */
  async read(): Promise<Cached | undefined> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const content: unknown = JSON.parse(text)
    if (!isContent(content) || content.feed !== this.#feed) throw new Error('it is not a cache of this feed')
    const { version, etag, keys, texts, writtenAtMs } = content
    const documents = keys && new Map(texts.map((each, index) => [keys[index] ?? each.name, each]))
    return { holding: { version, etag, texts, documents, allowEmpty: false }, writtenAtMs }
  }

  /** Resolves when it is on disk, or when a newer one is to be. */
  write(cached: Cached): Promise<void> {
    this.#next = cached
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#writeNext())
    return this.#writing
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined)
  }

  async #writeNext(): Promise<void> {
    const cached = this.#next
    this.#next = undefined
    if (cached === undefined) return
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const draft = `${this.#file}.${process.pid}.${threadId}.${drafts++}.tmp`
    try {
      const file = await open(draft, 'w', 0o600)
      try {
        await file.chmod(0o600)
        await file.writeFile(JSON.stringify(contentOf(this.#feed, cached)))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, this.#file)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

function contentOf(feed: string, { holding, writtenAtMs }: Cached): Content {
  const { version, etag, documents, texts } = holding
  return {
    format: 1,
    feed,
    writtenAtMs,
    version,
    ...(etag === undefined ? {} : { etag }),
    ...(documents === undefined ? {} : { keys: [...documents.keys()] }),
    texts,
  }
}

function isContent(value: unknown): value is Content {
  return (
    isRecord(value) &&
    value['format'] === 1 &&
    typeof value['writtenAtMs'] === 'number' &&
    Array.isArray(value['texts']) &&
    value['texts'].every(
      (text) => isRecord(text) && typeof text['name'] === 'string' && typeof text['text'] === 'string',
    )
  )
}

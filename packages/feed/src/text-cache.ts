// The texts read so far: reads a file only when its signature has changed, keeps the last good text when reading fails.
// Called by the file source with each new listing.
import { readFile } from 'node:fs/promises'
import { sep } from 'node:path'
import type { DocumentText } from '@proxyless/core/spi'
import type { Listing } from './listing.ts'
import { reasonOf } from './listing.ts'

export interface Reading {
  /** Sorted by name; a text that did not change is the same object as before. */
  readonly texts: readonly DocumentText[]
  /** Path to reason: what the listing could not look at, and what could not be read. */
  readonly failures: ReadonlyMap<string, string>
}

interface Held {
  /** Undefined while the text may be older than the file. */
  signature: string | undefined
  readonly text: DocumentText
}

const readsAtOnce = 16

export class TextCache {
  #held = new Map<string, Held>()
  #stale = false

  /** True when a text may be older than its file (unreadable, or doubted): worth reading although nothing has changed. */
  get stale(): boolean {
    return this.#stale
  }

  /** True when a text is held for this path or for something below it. */
  holds(path: string): boolean {
    return [...this.#held.keys()].some((held) => isAtOrBelow(held, path))
  }

  /** Reads these again next time, whatever their signatures say. */
  doubt(paths: Iterable<string>): void {
    for (const path of paths) {
      const held = this.#held.get(path)
      if (held === undefined) continue
      held.signature = undefined
      this.#stale = true
    }
  }

  async read(listing: Listing): Promise<Reading> {
    const failures = new Map(listing.failures)
    const kept = new Map<string, Held>()
    const changed: string[] = []
    for (const [path, held] of this.#held) {
      if (listing.files.has(path) || isLost(path, listing.failures)) kept.set(path, held)
    }
    for (const [path, signature] of listing.files) {
      if (kept.get(path)?.signature !== signature) changed.push(path)
    }
    this.#stale = false
    for (let first = 0; first < changed.length; first += readsAtOnce) {
      const group = changed.slice(first, first + readsAtOnce)
      await Promise.all(group.map((path) => this.#readOne(path, listing, kept, failures)))
    }
    this.#held = kept
    const texts = [...kept.values()].map((held) => held.text).sort((a, b) => (a.name < b.name ? -1 : 1))
    return { texts, failures }
  }

  async #readOne(
    path: string,
    listing: Listing,
    kept: Map<string, Held>,
    failures: Map<string, string>,
  ): Promise<void> {
    const before = kept.get(path)
    try {
      const text = await readFile(path, 'utf8')
      const unchanged = before !== undefined && before.text.text === text
      kept.set(path, { signature: listing.files.get(path), text: unchanged ? before.text : { name: path, text } })
    } catch (error) {
      failures.set(path, reasonOf(error))
      if (before !== undefined) kept.set(path, { signature: undefined, text: before.text })
      this.#stale = true
    }
  }
}

function isLost(path: string, failures: ReadonlyMap<string, string>): boolean {
  return [...failures.keys()].some((failure) => isAtOrBelow(path, failure))
}

function isAtOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(top.endsWith(sep) ? top : top + sep)
}

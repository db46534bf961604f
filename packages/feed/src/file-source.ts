// Documents from a file or a directory, watched: every change is seen within a second and handed over as the full set.
// Scans by itself; watches only make it look sooner. Knows nothing of what the texts say.
import { normalize } from 'node:path'
import type { Clock, DocumentSink, DocumentSource, DocumentText, Problem, TimerHandle } from '@proxyless/core/spi'
import { DirectoryWatches } from './directory-watches.ts'
import { list } from './listing.ts'
import { Settling } from './settling.ts'
import { TextCache } from './text-cache.ts'
import type { Reading } from './text-cache.ts'

export interface FileSourceOptions {
  readonly clock: Clock
}

/** How long to let a change settle before looking again. */
const settleMs = 50
/** Between two looks when nothing hints at a change: events can be lost. With settling, this stays below one second. */
const sweepMs = 700

/** Texts of a file, or of all `.yaml`, `.yml` and `.json` files in and below a directory, sorted by path. */
export function fileSource(path: string, options: FileSourceOptions): DocumentSource {
  return new FileSource(path, options)
}

class FileSource implements DocumentSource {
  readonly #root: string
  readonly #clock: Clock
  readonly #watches = new DirectoryWatches((path) => this.#hinted(path))
  readonly #cache = new TextCache()
  readonly #settling: Settling

  #sink: DocumentSink | undefined
  #texts: readonly DocumentText[] | undefined
  #failures: ReadonlyMap<string, string> = new Map()

  #timer: TimerHandle = undefined
  #scanning: Promise<void> | undefined
  readonly #hints = new Set<string>()

  constructor(path: string, { clock }: FileSourceOptions) {
    this.#root = normalize(path)
    this.#clock = clock
    this.#settling = new Settling(clock)
  }

  start(sink: DocumentSink): void {
    this.#sink = sink
    this.#look()
  }

  async close(): Promise<void> {
    this.#sink = undefined
    this.#clock.clearTimer(this.#timer)
    this.#watches.close()
    await this.#scanning
  }

  #look(): void {
    this.#scanning = this.#scan().finally(() => {
      this.#scanning = undefined
      if (this.#sink === undefined) return
      this.#arm(this.#hints.size > 0 || this.#settling.pending ? settleMs : sweepMs)
    })
  }

  #hinted(path: string): void {
    const first = this.#hints.size === 0
    this.#hints.add(path)
    if (first && this.#scanning === undefined) this.#arm(settleMs)
  }

  #arm(delayMs: number): void {
    this.#clock.clearTimer(this.#timer)
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look(), true)
  }

  /** Looks, and when what it sees has settled: reads, looks again whether it was still so, and hands over. */
  async #scan(): Promise<void> {
    // a second write within one tick of the file system's clock leaves the signature as it was, but not the hint
    this.#cache.doubt(this.#hints)
    this.#hints.clear()
    const listing = await list(this.#root)
    if (this.#sink === undefined) return
    this.#watches.follow(listing.directories)
    const emptied = listing.files.size === 0 && listing.failures.size === 0 && (this.#texts?.length ?? 0) > 0
    if (!this.#settling.ready(listing.fingerprint, { emptied, retry: this.#cache.stale })) return
    const reading = await this.#cache.read(listing)
    const after = await list(this.#root)
    if (this.#sink === undefined || !this.#settling.confirm(listing.fingerprint, after.fingerprint)) return
    this.#handOver(this.#sink, reading)
  }

  #handOver(sink: DocumentSink, { texts, failures }: Reading): void {
    const before = this.#failures
    const recovered = [...before.keys()].some((path) => !failures.has(path))
    const changed = this.#texts === undefined || !sameTexts(this.#texts, texts)
    // an empty set is news only when nothing went wrong
    const news = (changed || recovered) && (texts.length > 0 || failures.size === 0)
    this.#failures = failures
    if (news) {
      this.#texts = texts
      sink.texts(texts)
    }
    for (const [path, reason] of failures) {
      if (news || before.get(path) !== reason) sink.problem(unreadable(path, reason, this.#cache.holds(path)))
    }
  }
}

function unreadable(path: string, reason: string, kept: boolean): Problem {
  return {
    code: 'SOURCE_UNREADABLE',
    severity: 'error',
    outcome: kept ? 'kept' : 'void',
    resource: path,
    path: '',
    message: `cannot be read: ${reason}`,
    source: path,
  }
}

function sameTexts(a: readonly DocumentText[], b: readonly DocumentText[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}

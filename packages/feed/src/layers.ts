// Several sources of documents as one: each is a layer, and later ones win, document by document.
// What a layer held stays while it fails; nothing is handed over before every layer has said something.
import type { DocumentSink, DocumentSource, DocumentText, Freshness, Problem } from '@proxyless/core/spi'

export function layers(sources: readonly DocumentSource[]): DocumentSource {
  return new Layers(sources)
}

class Layers implements DocumentSource {
  readonly #sources: readonly DocumentSource[]
  readonly #texts: (readonly DocumentText[] | undefined)[]
  readonly #silent: Set<number>
  /** Of each set handed over, what the layers gave to it. */
  readonly #parts = new WeakMap<readonly DocumentText[], readonly (readonly DocumentText[])[]>()
  #early: Problem[] = []

  constructor(sources: readonly DocumentSource[]) {
    this.#sources = sources
    this.#texts = sources.map(() => undefined)
    this.#silent = new Set(sources.keys())
  }

  start(sink: DocumentSink): void {
    for (const [layer, source] of this.#sources.entries()) {
      source.start({
        texts: (texts) => {
          this.#texts[layer] = texts
          this.#silent.delete(layer)
          this.#handOver(sink)
        },
        problem: (problem) => {
          if (this.#silent.size === 0) sink.problem(problem)
          else this.#early.push(problem)
          if (problem.severity !== 'error' || !this.#silent.delete(layer)) return
          this.#handOver(sink)
        },
        isEmpty: (text) => sink.isEmpty(text),
      })
    }
  }

  judged(texts: readonly DocumentText[], problems: readonly Problem[]): void {
    const parts = this.#parts.get(texts) ?? []
    for (const [layer, part] of parts.entries()) this.#sources[layer]?.judged?.(part, problems)
  }

  /** The least fresh layer's. */
  freshness(): Freshness {
    const all = this.#sources.flatMap((source) => source.freshness?.() ?? [])
    return all.reduce(
      (a, b) => (ranks[b.state] > ranks[a.state] || (b.state === a.state && b.ageMs > a.ageMs) ? b : a),
      {
        state: 'live',
        ageMs: 0,
      },
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()))
  }

  #handOver(sink: DocumentSink): void {
    if (this.#silent.size > 0) return
    if (this.#texts.some((texts) => texts !== undefined)) {
      const parts = this.#texts.map((texts) => texts ?? [])
      const all = parts.flatMap((texts, layer) => texts.map(({ name, text }): DocumentText => ({ name, text, layer })))
      this.#parts.set(all, parts)
      sink.texts(all)
    }
    const early = this.#early
    this.#early = []
    for (const problem of early) sink.problem(problem)
  }
}

const ranks: Readonly<Record<Freshness['state'], number>> = { live: 0, stale: 1, cached: 2 }

// Several sources of documents as one: each is a layer, and later ones win, document by document.
// What a layer held stays while it fails; nothing is handed over before every layer has said something.
import type { DocumentSink, DocumentSource, DocumentText, Freshness, Problem } from '@proxyless/core/spi'

/** Problems of one layer that are told again; of more the newest. */
const most = 20

export function layers(sources: readonly DocumentSource[]): DocumentSource {
  return new Layers(sources)
}

class Layers implements DocumentSource {
  readonly #sources: readonly DocumentSource[]
  readonly #texts: (readonly DocumentText[] | undefined)[]
  readonly #silent: Set<number>
  /** Of each set handed over, what the layers gave to it. */
  readonly #parts = new WeakMap<readonly DocumentText[], readonly (readonly DocumentText[])[]>()
  /** Of each layer, since its last texts. */
  readonly #problems: (readonly Problem[])[]

  constructor(sources: readonly DocumentSource[]) {
    this.#sources = sources
    this.#texts = sources.map(() => undefined)
    this.#problems = sources.map(() => [])
    this.#silent = new Set(sources.keys())
  }

  start(sink: DocumentSink): void {
    for (const [layer, source] of this.#sources.entries()) {
      source.start({
        texts: (texts) => {
          this.#texts[layer] = texts
          this.#problems[layer] = []
          this.#silent.delete(layer)
          this.#handOver(sink)
        },
        problem: (problem) => {
          this.#problems[layer] = [...(this.#problems[layer] ?? []), problem].slice(-most)
          if (this.#silent.size === 0) sink.problem(problem)
          else if (problem.severity === 'error' && this.#silent.delete(layer)) this.#handOver(sink)
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

  /** Texts end bad news, that of the other layers too: it is told again. */
  #handOver(sink: DocumentSink): void {
    if (this.#silent.size > 0) return
    if (this.#texts.some((texts) => texts !== undefined)) {
      const parts = this.#texts.map((texts) => texts ?? [])
      const all = parts.flatMap((texts, layer) => texts.map(({ name, text }): DocumentText => ({ name, text, layer })))
      this.#parts.set(all, parts)
      sink.texts(all)
    }
    for (const problem of this.#problems.flat()) sink.problem(problem)
  }
}

const ranks: Readonly<Record<Freshness['state'], number>> = { live: 0, stale: 1, cached: 2 }

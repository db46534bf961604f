// The documents in force: what a source hands over, read, and told to whoever serves them. Waiting sets are joined.
import type { DocumentSource, DocumentText, Problem } from '@proxyless/core/spi'
import { isEmptyText, type Reader, type Reading } from '@proxyless/istio'

export interface DocumentsOptions {
  readonly source: DocumentSource
  readonly reader: Reader
  /** Awaited: the next set is read when this one is served. */
  readonly changed: (reading: Reading) => Promise<void>
  /** Bad news of the source itself, or a mistake of ours; what is in force stays. */
  readonly problem: (problem: Problem) => void
}

export class Documents {
  readonly #options: DocumentsOptions
  #reading: Reading | undefined
  #waiting: readonly DocumentText[] | undefined
  #working = false
  #closed = false
  /** Of the source, since its last set. */
  #trouble: Problem[] = []

  constructor(options: DocumentsOptions) {
    this.#options = options
  }

  get reading(): Reading | undefined {
    return this.#reading
  }

  /** Of the documents in force, and of where they come from. */
  get problems(): readonly Problem[] {
    return [...this.#trouble, ...(this.#reading?.problems ?? [])]
  }

  /** Resolves when the first set is served. @throws Error when there is nothing to begin with */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.source.start({
        texts: (texts) => {
          this.#trouble = []
          this.#waiting = texts
          if (!this.#working) void this.#work().then(resolve)
        },
        problem: (problem) => {
          this.#trouble.push(problem)
          this.#options.problem(problem)
          const nothing = this.#reading === undefined && !this.#working
          if (nothing && problem.severity === 'error') reject(new Error(`${problem.resource}: ${problem.message}`))
        },
        isEmpty: isEmptyText,
      })
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#waiting = undefined
    await this.#options.source.close()
  }

  async #work(): Promise<void> {
    this.#working = true
    while (this.#waiting !== undefined && !this.#closed) {
      const texts = this.#waiting
      this.#waiting = undefined
      await this.#read(texts).catch((error: unknown) => this.#options.problem(internalProblem(error)))
    }
    this.#working = false
  }

  async #read(texts: readonly DocumentText[]): Promise<void> {
    const { source, reader, changed } = this.#options
    const reading = await reader.read(texts)
    if (this.#closed) return
    this.#reading = reading
    await changed(reading)
    source.judged?.(texts, reading.problems)
  }
}

/** A mistake of ours must neither end the process nor stop later updates. */
export function internalProblem(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'CONFIG_INTERNAL', severity: 'error', outcome: 'kept', resource: 'configuration', path: '', message }
}

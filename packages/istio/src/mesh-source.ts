// The house's configuration source for documents: texts in, whole configurations out.
// Waiting updates are joined: while one is worked on, only the newest waits.
import type {
  ConfigSink,
  ConfigSource,
  DocumentSource,
  DocumentText,
  Freshness,
  MeshConfig,
  Problem,
} from '@proxyless/core/spi'
import { isEmptyText } from './documents/read-text.ts'
import type { IstioOptions } from './options.ts'
import { Reader, type Translation } from './reader.ts'

/**
 * The mesh's configuration source: keeps the last good version of every resource.
 * @throws TypeError when `options.meshConfig` is not valid.
 */
export function fromDocuments(source: DocumentSource, options: IstioOptions): ConfigSource {
  return new MeshSource(source, options)
}

/** One shot: what a set of texts means, and what is wrong with it. */
export async function check(
  texts: readonly DocumentText[],
  options: IstioOptions,
): Promise<{ config: MeshConfig; problems: readonly Problem[] }> {
  const config = await new Workshop(options).make(texts)
  return { config, problems: config.problems }
}

class MeshSource implements ConfigSource {
  readonly #source: DocumentSource
  readonly #workshop: Workshop
  #waiting: readonly DocumentText[] | undefined
  #working = false
  /** Told after the texts that came before them: these end older bad news, and until the first nothing is in force. */
  #problems: Problem[] = []
  #closed = false

  constructor(source: DocumentSource, options: IstioOptions) {
    this.#source = source
    this.#workshop = new Workshop(options)
  }

  start(sink: ConfigSink): void {
    this.#source.start({
      texts: (texts) => {
        this.#waiting = texts
        this.#problems = []
        if (!this.#working) void this.#work(sink)
      },
      problem: (problem) => {
        if (this.#working) this.#problems.push(problem)
        else sink.problem(problem)
      },
      isEmpty: isEmptyText,
    })
  }

  freshness(): Freshness {
    return this.#source.freshness?.() ?? { state: 'live', ageMs: 0 }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#waiting = undefined
    await this.#source.close()
  }

  async #deliver(texts: readonly DocumentText[], sink: ConfigSink): Promise<void> {
    let config: MeshConfig
    try {
      config = await this.#workshop.make(texts)
    } catch (error) {
      sink.problem(internalProblem(error))
      return
    }
    if (this.#closed) return
    sink.config(config)
    this.#source.judged?.(texts, config.problems)
  }

  async #work(sink: ConfigSink): Promise<void> {
    this.#working = true
    while (this.#waiting !== undefined && !this.#closed) {
      const texts = this.#waiting
      this.#waiting = undefined
      await this.#deliver(texts, sink)
    }
    this.#working = false
    // the mesh takes the configuration at the end of this tick
    if (this.#problems.length > 0) queueMicrotask(() => this.#tellProblems(sink))
  }

  #tellProblems(sink: ConfigSink): void {
    if (this.#working || this.#closed) return
    const problems = this.#problems
    this.#problems = []
    for (const problem of problems) sink.problem(problem)
  }
}

/** A mistake of ours must neither end the process nor stop later updates. */
function internalProblem(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'CONFIG_INTERNAL', severity: 'error', outcome: 'kept', resource: 'configuration', path: '', message }
}

/** Reads and translates for one client. */
class Workshop {
  readonly #reader: Reader
  readonly #translation: Translation

  constructor(options: IstioOptions) {
    this.#reader = new Reader({ ...options, defaultNamespace: options.workload.namespace })
    this.#translation = this.#reader.translation(options.workload)
  }

  async make(texts: readonly DocumentText[]): Promise<MeshConfig> {
    return this.#translation.translate(await this.#reader.read(texts))
  }
}

// Envoy's access log, read as it grows: the response flags of a request by its mark, and what Envoy writes by default.
import { open, type FileHandle } from 'node:fs/promises'
import { until } from '../../../kit/until.ts'

export class AccessLog {
  readonly #path: string
  readonly #flags = new Map<string, string>()
  readonly #lines = new Map<string, string>()
  #file: FileHandle | undefined
  #rest = ''
  #reading: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Envoy's flags for a request; waits for its line. `unread`: Envoy could not make out the request. */
  async flagsOf(tag: string): Promise<string> {
    try {
      await until(async () => {
        if (!this.#flags.has(tag)) await (this.#reading ??= this.#read())
        return this.#flags.has(tag)
      }, 3_000)
    } catch {
      return 'unread'
    }
    return this.#flags.get(tag) ?? ''
  }

  /** Envoy's line in its default format. */
  async lineOf(tag: string): Promise<string> {
    await this.flagsOf(tag)
    return this.#lines.get(tag) ?? ''
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #read(): Promise<void> {
    try {
      this.#file ??= await open(this.#path)
      const lines = (this.#rest + (await this.#file.readFile('utf8'))).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        const [tag = '', flags = '', , byDefault = ''] = line.split('\t')
        this.#flags.set(tag, flags)
        this.#lines.set(tag, byDefault)
      }
    } finally {
      this.#reading = undefined
    }
  }
}

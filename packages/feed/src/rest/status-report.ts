// ACK and NACK for REST: tells the feed which version is applied and which documents were refused, and why.
// A server that does not want to know is not told again; a report that fails is lost, the next one says it all.
import type { Problem } from '@proxyless/core/spi'
import type { FeedClient } from './client.ts'

export interface Report {
  readonly applied: string
  readonly rejected: readonly Problem[]
}

const timeoutMs = 10_000

export class StatusReport {
  readonly #client: FeedClient
  readonly #url: URL
  readonly #node: string
  readonly #closing = new AbortController()
  #next: Report | undefined
  #sending = false
  #unwanted = false

  constructor(client: FeedClient, url: URL, node: string) {
    this.#client = client
    this.#url = url
    this.#node = node
  }

  /** One on its way; of those that wait the newest is sent. */
  send(report: Report): void {
    this.#next = report
    if (!this.#sending) void this.#sendAll()
  }

  close(): void {
    this.#unwanted = true
    this.#closing.abort()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    while (this.#next !== undefined && !this.#unwanted) {
      const report = this.#next
      this.#next = undefined
      await this.#post(report).catch(() => undefined)
    }
    this.#sending = false
  }

  async #post({ applied, rejected }: Report): Promise<void> {
    const body = JSON.stringify({ node: this.#node, applied, rejected: rejected.map((each) => entryOf(each, applied)) })
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const ask = { method: 'POST', headers, body, timeoutMs, signal: this.#closing.signal } as const
    const { status, body: answer } = await this.#client.ask(this.#url, ask)
    answer.on('error', () => undefined).resume()
    if (status === 404 || status === 405 || status === 501) this.#unwanted = true
  }
}

function entryOf(problem: Problem, version: string): object {
  const [, kind = '', namespace = '', name = ''] = /^(\S+)(?: (?:([^/\s]*)\/)?(.*))?$/.exec(problem.resource) ?? []
  const { path, message } = problem
  return { kind, namespace, name, version, path, message }
}

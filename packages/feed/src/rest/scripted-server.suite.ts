// A feed's server whose every answer is scripted, a feed that asks it on virtual time, and what the feed hands over.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DocumentSource, type DocumentText, type Problem, type Random, VirtualClock } from '@proxyless/core/spi'
import { vi } from 'vitest'
import { feed } from './feed.ts'
import type { FeedOptions } from './options.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The virtual time of the request. */
  readonly at: number
}

interface Said {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Ends the connection instead. */
  readonly drop?: true
}

export type SentEvent = readonly [name: string, data?: object, id?: string]

/** Undefined: no answer. */
export type Script = (asked: Asked) => Said | undefined

export class ScriptedServer {
  readonly asked: Asked[] = []
  readonly streams: ServerResponse[] = []
  readonly clock: VirtualClock
  readonly #server: Server
  /** `/v1/config`, and whatever else is no stream. */
  config: Script = () => ({ status: 404 })
  /** Undefined: streams are accepted and kept in `streams`. */
  stream: Script | undefined = () => ({ status: 404 })
  status: Script = () => ({ status: 204 })

  constructor(clock: VirtualClock) {
    this.clock = clock
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://x')
        const { method = '', headers } = request
        const body = Buffer.concat(chunks).toString()
        const asked = { method, path: url.pathname, query: url.searchParams, headers, body, at: clock.now() }
        this.asked.push(asked)
        this.#answer(asked, response)
      })
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  askedOf(path: string): Asked[] {
    return this.asked.filter((asked) => asked.path.endsWith(path))
  }

  /** Sends events on the newest stream. */
  send(...events: readonly SentEvent[]): void {
    for (const [name, data, id] of events) {
      const lines = [`event: ${name}`, `data: ${JSON.stringify({ type: name, ...data })}`]
      if (id !== undefined) lines.unshift(`id: ${id}`)
      this.streams.at(-1)?.write(`${lines.join('\n')}\n\n`)
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(asked: Asked, response: ServerResponse): void {
    if (asked.path.endsWith('/v1/stream') && this.stream === undefined) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
      this.streams.push(response)
      return
    }
    const [end] = [asked.path.split('/').at(-1)]
    const script = end === 'stream' ? this.stream : end === 'status' ? this.status : this.config
    const said = script?.(asked)
    if (said === undefined) return
    if (said.drop === true) response.destroy()
    else response.writeHead(said.status ?? 200, said.headers).end(said.body)
  }
}

/** Chance that always draws the same share. */
export function steady(share: number): Random {
  return { uint32: () => Math.floor(share * 0x1_0000_0000), fork: () => steady(share) }
}

export interface Seen {
  readonly source: DocumentSource
  readonly sets: (readonly DocumentText[])[]
  readonly problems: Problem[]
  /** Names and texts of the last set; JSON documents by their spec. */
  last(): unknown[]
}

export class Rig {
  readonly clock: VirtualClock = new VirtualClock()
  readonly server: ScriptedServer = new ScriptedServer(this.clock)
  readonly #sources: DocumentSource[] = []
  readonly #directories: string[] = []

  static async make(): Promise<Rig> {
    const rig = new Rig()
    await rig.server.listen()
    return rig
  }

  /** Judges what it is handed, as a mesh would, by `judge`. */
  start(
    options: Partial<FeedOptions> = {},
    judge: (texts: readonly DocumentText[]) => Problem[] = () => [],
    share = 0.5,
  ): Seen {
    const node = { id: 'shop-1', namespace: 'shop', labels: { app: 'shop', version: 'v1' } }
    const opened = feed({ url: this.server.url, ...options })
    const source = opened.open({ clock: this.clock, random: steady(share), node })
    this.#sources.push(source)
    const sets: (readonly DocumentText[])[] = []
    const problems: Problem[] = []
    source.start({
      texts: (texts) => {
        sets.push(texts)
        source.judged?.(texts, judge(texts))
      },
      problem: (problem) => void problems.push(problem),
      // what is empty is for the reader of documents to say, and tested there
      isEmpty: ({ text }) => text.includes('nothing'),
    })
    const last = (): unknown[] => (sets.at(-1) ?? []).map(({ text }) => meaning(text))
    return { source, sets, problems, last }
  }

  async directory(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'proxyless-feed-'))
    this.#directories.push(made)
    return made
  }

  /** Waits for what real sockets bring, while virtual time stands still. */
  async until(check: () => unknown): Promise<void> {
    await vi.waitFor(
      () => {
        if (check() === false) throw new Error(`not yet: ${String(check)}`)
      },
      { timeout: 5000, interval: 1 },
    )
  }

  /** Lets virtual time pass, and what is sent meanwhile arrive. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
    await this.settle()
  }

  /** Lets what is on its way over real sockets arrive. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close()
    await this.server.close()
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true })
  }
}

export function service(name: string, spec: unknown = name): object {
  return { kind: 'ServiceEntry', metadata: { name, namespace: 'shop' }, spec }
}

/** The answer of `/v1/config`, with 304 for whoever has it. */
export function serves(version: string, documents: readonly object[], more: object = {}): Script {
  const etag = `"${version}"`
  return ({ headers }) =>
    headers['if-none-match'] === etag
      ? { status: 304, headers: { etag } }
      : {
          headers: { etag, 'content-type': 'application/json' },
          body: JSON.stringify({ version, documents, ...more }),
        }
}

export function servesYaml(etag: string, body: string): Script {
  return ({ headers }) =>
    headers['if-none-match'] === etag
      ? { status: 304, headers: { etag } }
      : { headers: { etag, 'content-type': 'application/yaml' }, body }
}

function meaning(text: string): unknown {
  try {
    return (JSON.parse(text) as { spec?: unknown }).spec
  } catch {
    return text
  }
}

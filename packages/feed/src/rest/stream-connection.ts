// One connection of a stream: the fetch that `eventsource` is given, over the feed's own client.
// Counts bytes against the limit, tells each sign of life, and remembers why it failed.
import type { Readable } from 'node:stream'
import type { FetchLike, FetchLikeResponse } from 'eventsource'
import type { Clock } from '@proxyless/core/spi'
import type { FeedClient } from './client.ts'
import { maxBodyBytes } from './decoded.ts'
import { Refusal } from './refusal.ts'
import { meansNoStream, refusalOfStatus } from './status.ts'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly client: FeedClient
  readonly url: URL
  /** The last committed version, if what it stands for is still there. */
  readonly version: string | undefined
  readonly alive: () => void
}

export interface Connection {
  readonly fetch: FetchLike
  readonly failure: Error | undefined
  /** The answer was no stream, and asking soon again will not change that. */
  readonly isFinal: boolean
  committed(): void
  /** Ends it: nothing was heard for too long. */
  silent(ms: number): void
}

/** Until the head; what comes after has the read deadline. */
const headTimeoutMs = 10_000

export function connector(options: ConnectionOptions): Connection {
  return new StreamConnection(options)
}

class StreamConnection implements Connection {
  readonly #options: ConnectionOptions
  #bytes = 0
  #body: Readable | undefined
  failure: Error | undefined
  isFinal = false

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  readonly fetch: FetchLike = async (_url, { signal }): Promise<FetchLikeResponse> => {
    try {
      return await this.#connect(signal as AbortSignal)
    } catch (error) {
      this.failure = error as Error
      throw error
    }
  }

  committed(): void {
    this.#bytes = 0
  }

  silent(ms: number): void {
    this.failure = new Refusal('FEED_UNREACHABLE', `the stream was silent for ${ms / 1000} s`)
    this.#body?.destroy(this.failure)
  }

  async #connect(signal: AbortSignal): Promise<FetchLikeResponse> {
    const { client, clock, version } = this.#options
    const url = new URL(this.#options.url)
    const inHeader = version !== undefined && /^[\x21-\x7e]+$/.test(version)
    if (version !== undefined && !inHeader) url.searchParams.set('basis', version)
    const headers = { accept: 'text/event-stream', ...(inHeader ? { 'last-event-id': version } : {}) }
    const answer = await client.ask(url, { headers, timeoutMs: headTimeoutMs, signal })
    const { status, header, body } = answer
    const isStream = status === 200 && header('content-type')?.startsWith('text/event-stream') === true
    if (!isStream) {
      body.destroy()
      this.isFinal = status === 200 || meansNoStream(status)
      const text = `the address of the stream answers with ${header('content-type') ?? 'no type'}`
      throw status === 200 ? new Refusal('FEED_UNREACHABLE', text) : refusalOfStatus(answer, clock.wallNow())
    }
    this.#body = body
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>
    const read = async (): Promise<{ done: false; value: unknown } | { done: true }> => {
      const { done, value } = await chunks.next().catch((error: unknown) => {
        this.failure ??= error as Error
        throw error
      })
      if (done === true) return { done }
      this.#count(value.length)
      return { done: false, value }
    }
    const cancel = async (): Promise<void> => void body.destroy()
    return {
      url: url.href,
      status,
      redirected: false,
      headers: { get: (name) => header(name) ?? null },
      body: { getReader: () => ({ read, cancel }) },
    }
  }

  #count(bytes: number): void {
    this.#options.alive()
    this.#bytes += bytes
    if (this.#bytes <= maxBodyBytes) return
    this.failure = new Refusal('FEED_REFUSED', 'the stream sent more than 64 MiB without a commit')
    this.#body?.destroy()
    throw this.failure
  }
}

// A request body that can be sent more than once: what a stream yields is remembered up to a limit.
// Not for strings and buffers, which can be sent again as they are.
import { AsyncLocalStorage } from 'node:async_hooks'
import { IncomingMessage } from 'node:http'

type Chunk = Uint8Array | string
type Given = AsyncIterable<Chunk> | Iterable<Chunk>
type Source = AsyncIterator<Chunk> | Iterator<Chunk>

export class ReplayBody implements AsyncIterable<Chunk> {
  readonly #given: Given
  readonly #source: Source
  /** Runs the application's own code in the context of its call, not in that of the attempt which happens to pull. */
  readonly #inContext = AsyncLocalStorage.snapshot()
  readonly #maxBytes: number
  readonly #onEnd: () => void
  readonly #chunks: Chunk[] = []
  /** Chunks forgotten because the limit was passed. */
  #dropped = 0
  #bytes = 0
  #pulling: Promise<void> | undefined
  #state: 'open' | 'ended' | 'failed' | 'dropped' = 'open'
  #overflowed = false
  #failure: unknown

  /** @param onEnd told once, when the source has ended */
  constructor(given: Given, maxBytes: number, onEnd: () => void) {
    this.#given = given
    this.#source = Symbol.asyncIterator in given ? given[Symbol.asyncIterator]() : given[Symbol.iterator]()
    this.#maxBytes = maxBytes
    this.#onEnd = onEnd
  }

  /** False once the limit was passed, or the source itself has failed. */
  get replayable(): boolean {
    return !this.#overflowed && this.#state !== 'failed'
  }

  /** The call is over: a source that has not ended is told so, that it can let go of what it holds. */
  drop(): void {
    if (this.#state !== 'open') return
    this.#state = 'dropped'
    this.#chunks.length = 0
    this.#inContext(release, this.#given, this.#source)
  }

  /** What the source has yielded so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** What the application's own stream threw; that is its error, not the network's. */
  get failure(): unknown {
    return this.#failure
  }

  /** The whole body once it has ended, for copies; undefined while open or when too large. */
  get whole(): readonly Chunk[] | undefined {
    return this.#state === 'ended' && !this.#overflowed ? this.#chunks : undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    for (let position = 0; ; position++) {
      while (position - this.#dropped >= this.#chunks.length) {
        if (this.#state === 'ended') return
        if (this.#state === 'failed') throw this.#failure
        if (this.#state === 'dropped') throw new Error('the call is over')
        this.#pulling ??= this.#pull()
        await this.#pulling
      }
      const chunk = this.#chunks[position - this.#dropped]
      if (this.#overflowed) this.#forgetUntil(position + 1)
      if (chunk !== undefined) yield chunk
    }
  }

  #forgetUntil(position: number): void {
    const count = position - this.#dropped
    this.#chunks.splice(0, count)
    this.#dropped += count
  }

  /** One chunk from the source; shared, so that an attempt that was stopped while waiting loses nothing for the next. */
  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#inContext(next, this.#source)
      if (this.#isDropped()) return
      if (done === true) {
        this.#state = 'ended'
        this.#onEnd()
      } else {
        this.#chunks.push(value)
        this.#bytes += typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength
        if (this.#bytes > this.#maxBytes) this.#overflowed = true
      }
    } catch (failure) {
      if (this.#isDropped()) return
      this.#state = 'failed'
      this.#failure = failure
    } finally {
      this.#pulling = undefined
    }
  }

  #isDropped(): boolean {
    return this.#state === 'dropped'
  }
}

function next(source: Source): ReturnType<Source['next']> {
  return source.next()
}

function release(given: Given, source: Source): void {
  // what a server was sent: ending it would end the connection that its answer goes back on
  if (given instanceof IncomingMessage && !('req' in given)) return
  const end = async (): Promise<unknown> => source.return?.()
  end().catch(() => undefined)
  // an iterator that has not begun does not end its stream
  if ('destroy' in given && typeof given.destroy === 'function') given.destroy()
}

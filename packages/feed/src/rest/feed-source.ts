// A feed as a source of documents: brings together polls, the stream, the cache and reports, and decides what is taken.
// Whatever fails, what was handed over last stays.
import type { DocumentSink, DocumentSource, DocumentText, Freshness, Problem, TimerHandle } from '@proxyless/core/spi'
import { type Address, addressOf } from './address.ts'
import { FeedClient } from './client.ts'
import type { SourceCode } from '../codes.ts'
import { type Cached, DiskCache } from './disk-cache.ts'
import { FeedEvents } from './events.ts'
import { type Holding, sharing } from './holding.ts'
import { goodPart, rejections } from './last-good.ts'
import type { FeedContext, FeedOptions } from './options.ts'
import { pollConfig } from './poll.ts'
import { Poller } from './poller.ts'
import { Refusal } from './refusal.ts'
import { StatusReport } from './status-report.ts'

/** Without a stream for so long, the feed is polled. */
const fallbackMs = 120_000
const defaultPollMs = 15_000

/** What bad news is about; each ends by itself. `stream`: its connection; `commit`: what it brought. */
type Concern = 'polls' | 'stream' | 'commit' | 'message' | 'cache'

interface News {
  readonly concern: Concern
  readonly code: SourceCode
  readonly message: string
}

export class FeedSource implements DocumentSource {
  readonly #options: FeedOptions
  readonly #context: FeedContext
  readonly #address: Address
  readonly #client: FeedClient
  readonly #poller: Poller
  readonly #events: FeedEvents | undefined
  readonly #cache: DiskCache | undefined
  readonly #report: StatusReport | undefined

  #sink: DocumentSink | undefined
  #holding: Holding | undefined
  /** What each set of texts handed over was. */
  readonly #handed = new WeakMap<readonly DocumentText[], Holding>()
  /** The last part of a holding that is on disk, or is on its way there. */
  #good: Holding | undefined
  /** From the disk: used when the feed has nothing to say at the start. */
  #reserve: Cached | undefined
  #cachedAtMs: number | undefined
  /** Until the first contact: when it was first asked for. */
  #contactAtMs: number
  #failing = false
  /** Bad news that goes on. */
  #news: readonly News[] = []
  #streamStarted = false
  #fallback: TimerHandle = undefined

  constructor(options: FeedOptions, context: FeedContext) {
    const { clock, random, node } = context
    const address = addressOf(options.url, context)
    const client = new FeedClient(clock, address.authorization, options)
    const { stream = !address.isDocument, report = !address.isDocument, pollMs = defaultPollMs, cache } = options
    this.#options = options
    this.#context = context
    this.#address = address
    this.#client = client
    this.#contactAtMs = clock.now()
    this.#poller = new Poller({
      clock,
      random,
      pollMs,
      ask: (signal) => this.#poll(signal),
      failed: (refusal) => this.#failed(refusal),
    })
    this.#events = stream ? new FeedEvents({ clock, random, client, address, feed: this.#streamSide() }) : undefined
    this.#cache = cache === undefined ? undefined : new DiskCache(cache, address.name, address.key)
    this.#report = report ? new StatusReport(client, address.status, node.id) : undefined
  }

  start(sink: DocumentSink): void {
    this.#sink = sink
    void this.#begin()
  }

  judged(texts: readonly DocumentText[], problems: readonly Problem[]): void {
    const holding = this.#handed.get(texts)
    if (holding === undefined || this.#sink === undefined) return
    const rejected = rejections(texts, problems)
    if (this.#cachedAtMs === undefined) {
      this.#report?.send({ applied: holding.version, rejected })
      this.#keep(goodPart(holding, rejected, this.#good))
    }
  }

  freshness(): Freshness {
    const { clock } = this.#context
    if (this.#cachedAtMs !== undefined) {
      return { state: 'cached', ageMs: Math.max(0, clock.wallNow() - this.#cachedAtMs) }
    }
    return { state: this.#failing ? 'stale' : 'live', ageMs: clock.now() - this.#contactAtMs }
  }

  async close(): Promise<void> {
    this.#sink = undefined
    this.#context.clock.clearTimer(this.#fallback)
    this.#poller.stop()
    this.#events?.close()
    this.#report?.close()
    this.#client.close()
    await this.#cache?.settled()
  }

  async #begin(): Promise<void> {
    try {
      this.#reserve = await this.#cache?.read()
      this.#good = this.#reserve?.holding
    } catch (error) {
      this.#cacheFailed('read from', error)
    }
    if (this.#sink === undefined) return
    if (this.#events === undefined) this.#poller.run()
    else this.#poller.once()
  }

  async #poll(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#context
    const { holding, held } = await pollConfig({
      client: this.#client,
      clock,
      address: this.#address,
      before: this.#holding,
      signal,
    })
    if (signal.aborted) return false
    this.#accept(holding)
    return held
  }

  /** @param more that it ends @throws Refusal for a configuration that is empty without being meant so */
  #accept(next: Holding, ...more: readonly Concern[]): void {
    const before = this.#holding ?? this.#reserve?.holding
    const mayBeEmpty = next === before || this.#options.allowEmpty === true || next.allowEmpty
    if (before !== undefined && !mayBeEmpty && this.#isEmpty(next) && !this.#isEmpty(before)) {
      const way = 'if that is meant, the feed or the option says `allowEmpty: true`'
      throw new Refusal('FEED_EMPTY', `the feed says that no document is left; what was there is kept; ${way}`)
    }
    const old = this.#holding
    this.#holding = sharing(old, next)
    const wasCached = this.#cachedAtMs !== undefined
    this.#contactAtMs = this.#context.clock.now()
    this.#failing = false
    this.#cachedAtMs = undefined
    const recovered = this.#over('polls', 'commit', 'message', ...more)
    // after bad news the same texts again: that ends it
    if (recovered || wasCached || this.#holding.texts !== old?.texts) this.#handOver()
    else this.#handed.set(this.#holding.texts, this.#holding)
    this.#startStream()
  }

  #isEmpty({ texts }: Holding): boolean {
    return texts.every((text) => this.#sink?.isEmpty(text) === true)
  }

  /** From the stream: what polls would bring is not newer. @throws Refusal as `#accept` */
  #takeWhole(holding: Holding): void {
    this.#poller.stop()
    this.#accept(holding, 'stream')
  }

  /** Texts end bad news: what goes on is told again. */
  #handOver(): void {
    if (this.#holding === undefined) return
    const { texts } = this.#holding
    this.#handed.set(texts, this.#holding)
    this.#client.awaited = false
    this.#sink?.texts(texts)
    for (const news of this.#news) this.#tell(news)
  }

  #failed(refusal: Refusal): void {
    this.#failing = true
    if (this.#holding === undefined && this.#reserve !== undefined) {
      this.#holding = this.#reserve.holding
      this.#cachedAtMs = this.#reserve.writtenAtMs
      this.#handOver()
    }
    this.#client.awaited = false
    this.#say('polls', refusal)
    this.#startStream()
  }

  /** Once: bad news that does not change is not repeated. */
  #say(concern: Concern, { code, message }: Pick<News, 'code' | 'message'>): void {
    const isKnown = (news: News): boolean => news.concern === concern && news.code === code && news.message === message
    if (this.#news.some(isKnown)) return
    // a commit may be refused in several parts; whatever else is bad is bad in one way
    if (concern !== 'commit') this.#over(concern)
    const news = { concern, code, message }
    this.#news = [...this.#news, news]
    this.#tell(news)
  }

  #tell({ code, message }: News): void {
    const { name } = this.#address
    const severity = code === 'FEED_MESSAGE' || code === 'FEED_CACHE' ? 'warning' : 'error'
    const outcome = severity !== 'error' ? 'applied' : this.#holding === undefined ? 'void' : 'kept'
    this.#sink?.problem({ code, severity, outcome, resource: name, path: '', message, source: name })
  }

  /** True when there was bad news of these. */
  #over(...concerns: readonly Concern[]): boolean {
    const before = this.#news
    this.#news = before.filter(({ concern }) => !concerns.includes(concern))
    return this.#news.length < before.length
  }

  #keep(good: Holding | undefined): void {
    if (this.#cache === undefined || good === undefined) return
    this.#good = good
    const writtenAtMs = this.#context.clock.wallNow()
    const written = (): void => {
      if (this.#over('cache')) this.#handOver()
    }
    this.#cache
      .write({ holding: good, writtenAtMs })
      .then(written, (error: unknown) => this.#cacheFailed('written to', error))
  }

  #cacheFailed(deed: string, error: unknown): void {
    const what = `the last good configuration cannot be ${deed} ${this.#cache?.file}`
    this.#say('cache', { code: 'FEED_CACHE', message: `${what}: ${(error as Error).message}` })
  }

  /** After the first answer, so that the stream can begin where that ends. */
  #startStream(): void {
    if (this.#streamStarted || this.#sink === undefined || this.#events === undefined) return
    this.#streamStarted = true
    this.#armFallback()
    this.#events.start()
  }

  #armFallback(): void {
    this.#fallback ??= this.#context.clock.setTimer(fallbackMs, () => this.#poller.run(), true)
  }

  #streamSide(): FeedEvents['feed'] {
    return {
      holding: () => this.#holding,
      missed: () => this.#poller.once(),
      alive: () => {
        this.#contactAtMs = this.#context.clock.now()
      },
      works: () => {
        this.#context.clock.clearTimer(this.#fallback)
        this.#fallback = undefined
        this.#poller.rest()
        if (this.#over('stream')) this.#handOver()
      },
      committed: (holding) => this.#takeWhole(holding),
      unchanged: () => {
        if (this.#holding === undefined) this.#poller.once()
        else this.#takeWhole(this.#holding)
      },
      changed: () => this.#poller.once(),
      left: () => this.#armFallback(),
      message: (message) => this.#say('message', { code: 'FEED_MESSAGE', message: `the feed says: ${message}` }),
      refused: (refusal) => this.#say('commit', refusal),
      down: (refusal, final) => {
        if (refusal.code !== 'FEED_UNREACHABLE') this.#say('stream', refusal)
        if (final) this.#poller.run()
        else {
          // what is polled meanwhile is as new as the stream would be
          this.#failing ||= !this.#poller.succeeds
          this.#armFallback()
        }
      },
    }
  }
}

// What `feed` takes, checked here so that a wrong option is named at the door; and what the mesh gives to every feed.
import { MeshError, type Clock, type DocumentSource, type Random } from '@proxyless/core/spi'

export interface FeedOptions {
  /** Where the feed is: its base, below which `/v1/config` and `/v1/stream` lie, or one `.yaml`, `.yml` or `.json` document. */
  readonly url: string
  /** Follow the feed's events; where there are none it is polled. Default true for a base, false for a document. */
  readonly stream?: boolean
  /** Between two polls, jittered by half. Default 15 s. */
  readonly pollMs?: number
  /** A directory for the last good configuration, used when the feed cannot be reached at start. */
  readonly cache?: string
  /** Sent with every request, such as `authorization`; a function is asked each time. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>)
  readonly tls?: FeedTls
  /** Tell the feed what was applied and what was refused. Default true for a base, false for a document. */
  readonly report?: boolean
  /** Believe a feed that says there is nothing any more. Default false. */
  readonly allowEmpty?: boolean
}

export type Headers = Readonly<Record<string, string>>

/** PEM texts or their bytes. */
export interface FeedTls {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly serverName?: string
}

/** What the mesh knows and a feed needs. */
export interface FeedContext {
  readonly clock: Clock
  readonly random: Random
  /** Who is calling: servers may answer each workload differently. */
  readonly node: {
    readonly id: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
}

/** A feed as it was asked for; a mesh opens it. */
export interface DocumentFeed {
  open(context: FeedContext): DocumentSource
}

const known = ['url', 'stream', 'pollMs', 'cache', 'headers', 'tls', 'report', 'allowEmpty']

/** @throws MeshError INVALID_OPTION naming the option, what it is and what it may be */
export function checkFeedOptions(options: FeedOptions): void {
  if (typeof options !== 'object' || options === null) refuse('feed needs options such as { url: "https://..." }')
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) refuse(`feed: unknown option "${name}"; known are ${known.join(', ')}`)
  }
  const { url, pollMs, cache, headers } = options
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    refuse(`feed: url must be an http:// or https:// address, not ${JSON.stringify(url)}`)
  }
  if (pollMs !== undefined && !(Number.isFinite(pollMs) && pollMs >= 100 && pollMs <= 86_400_000)) {
    refuse(`feed: pollMs must be a number of milliseconds from 100 to 86400000 (a day), not ${pollMs}`)
  }
  if (cache !== undefined && (typeof cache !== 'string' || cache === '')) refuse('feed: cache must be a directory')
  if (headers !== undefined && typeof headers !== 'function' && (typeof headers !== 'object' || headers === null)) {
    refuse('feed: headers must be an object of names and values, or a function that gives one')
  }
  for (const name of ['stream', 'report', 'allowEmpty'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') refuse(`feed: ${name} must be true or false`)
  }
}

function refuse(message: string): never {
  throw new MeshError('INVALID_OPTION', message)
}

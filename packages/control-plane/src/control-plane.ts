// The control plane as a whole: documents in; xDS on one address, a feed of the documents and the insight on another.
import type { Clock, DocumentSource, Problem, RegexEngine } from '@proxyless/core/spi'
import { Reader, type Reading, type TranslationOptions } from '@proxyless/istio'
import { createEncoder, type Encoder, type EncoderOptions } from '@proxyless/xds'
import { Connection, type Wire } from './ads/connection.ts'
import { type NackRecord, Nacks } from './ads/nacks.ts'
import { type Listening, listen } from './ads/server.ts'
import type { Variant } from './ads/variant.ts'
import { Documents, internalProblem } from './documents.ts'
import { Editions } from './http/editions.ts'
import { Feed } from './http/feed.ts'
import { HttpServer } from './http/server.ts'
import { Insight } from './http/insight.ts'
import { Counts } from './counts.ts'
import { Views } from './views/views.ts'

export interface ControlPlaneOptions extends TranslationOptions {
  readonly documents: DocumentSource
  /** `host:port` for xDS; port 0: a free one. */
  readonly xds: string
  /** `host:port` for the feed, `/debug`, `/ready` and `/metrics`. */
  readonly http: string
  readonly clock: Clock
  readonly regex: RegexEngine
  /** Clients are told the lines of the documents, for `explain`; every document is parsed once more for it. Default false. */
  readonly lines?: boolean
  /** Awaited between slices of work, so that nothing blocks the event loop. */
  readonly pause: () => Promise<void>
  readonly observer?: ControlPlaneObserver
}

export interface ControlPlaneObserver {
  /** New documents are in force. */
  changed?(reading: Reading): void
  /** Bad news of the source, or a mistake of ours. */
  problem?(problem: Problem): void
  /** A client has refused something. */
  refused?(nack: NackRecord): void
}

export interface ControlPlane {
  readonly xdsPort: number
  readonly httpPort: number
  /** Ends all streams in good order. Idempotent. */
  close(): Promise<void>
}

/** Of documents that do not say theirs, as `kubectl apply` has it. */
const defaultNamespace = 'default'

/** @throws Error when an address cannot be listened on, or when there are no documents to begin with */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, observer = {}, pause, lines = false } = options
  const reader = new Reader({ ...options, defaultNamespace })
  const failed = (error: unknown): void => observer.problem?.(internalProblem(error))
  const encoder = (dialect: EncoderOptions['dialect']): Encoder => createEncoder({ dialect, positions: lines })
  const views = new Views({ clock, reader, encoder, pause, failed })
  const editions = new Editions()
  const nacks = new Nacks()
  const counts = new Counts()
  const connections = new Set<Connection>()
  const documents = new Documents({
    source: options.documents,
    reader,
    changed: async (reading) => {
      observer.changed?.(reading)
      counts.changed(clock.wallNow())
      await Promise.all([views.update(reading), editions.add(reading)])
    },
    problem: (problem) => observer.problem?.(problem),
  })
  const feed = new Feed({ clock, editions })
  const insight = new Insight({ documents, views, connections, nacks, feed, counts })
  const accept = (variant: Variant, wire: Wire): Connection => {
    const connection = new Connection({
      clock,
      views,
      variant,
      wire,
      observer: {
        sent: (kind, size) => counts.sent(kind, size),
        accepted: (kind) => counts.accepted(kind),
        unserved: () => counts.unserved(),
        refused: (from, nack) => {
          counts.refused(nack.kind)
          observer.refused?.(nacks.add(from, nack, clock.wallNow()))
        },
        closed: (gone) => connections.delete(gone),
      },
    })
    connections.add(connection)
    return connection
  }
  let http: HttpServer | undefined
  let xds: Listening | undefined
  const closeAll = async (): Promise<void> => {
    insight.ready = false
    feed.close()
    await Promise.all([documents.close(), xds?.close(), http?.close()])
    views.close()
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= closeAll())
  try {
    http = await HttpServer.listen(options.http, [...feed.routes, ...insight.routes])
    await documents.start()
    xds = await listen(options.xds, accept, clock)
  } catch (error) {
    await close()
    throw error
  }
  insight.ready = true
  return { xdsPort: xds.port, httpPort: http.port, close }
}

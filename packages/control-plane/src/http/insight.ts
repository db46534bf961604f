// What the control plane tells of itself: who is connected and has what, what is served to whom, what was refused, and numbers.
import type { ServerResponse } from 'node:http'
import { metricsType } from '@proxyless/core/spi'
import { KINDS } from '@proxyless/xds'
import type { Connection } from '../ads/connection.ts'
import type { Nacks } from '../ads/nacks.ts'
import type { ResourceSets } from '../ads/resource-set.ts'
import type { Counts } from '../counts.ts'
import type { Documents } from '../documents.ts'
import type { View } from '../views/view.ts'
import type { Views } from '../views/views.ts'
import type { Feed } from './feed.ts'
import { metricsText } from './metrics.ts'
import { type HttpRequest, replyError, replyJson, type Route } from './server.ts'

export interface Insights {
  readonly documents: Documents
  readonly views: Views
  readonly connections: ReadonlySet<Connection>
  readonly nacks: Nacks
  readonly feed: Feed
  readonly counts: Counts
}

export class Insight {
  readonly routes: readonly Route[]
  readonly #of: Insights
  /** True while clients may come. */
  ready = false

  constructor(of: Insights) {
    this.#of = of
    const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, handle })
    this.routes = [
      get('/ready', (_request, response) => this.#ready(response)),
      get('/metrics', (_request, response) => {
        response.writeHead(200, { 'content-type': metricsType }).end(metricsText(of))
      }),
      get('/debug/clients', (_request, response) => replyJson(response, 200, this.#clients())),
      get('/debug/config', (request, response) => this.#config(request, response)),
      get('/debug/nacks', (_request, response) => replyJson(response, 200, this.#nacks())),
    ]
  }

  #ready(response: ServerResponse): void {
    if (this.ready) replyJson(response, 200, { ready: true })
    else replyError(response, 503, 'not ready')
  }

  #clients(): object {
    const { connections, feed, documents } = this.#of
    const version = documents.reading?.version ?? ''
    return {
      version,
      xds: [...connections].map((connection) => accountOf(connection, version)),
      feed: { streams: feed.streams, reports: feed.reports.all() },
    }
  }

  /** `?node=ID`: what that client is given, by name; without it an overview. */
  #config({ query }: HttpRequest, response: ServerResponse): void {
    const { documents, views, connections } = this.#of
    const id = query.get('node')
    if (id === null) {
      const { reading } = documents
      const overview = {
        version: reading?.version,
        documents: reading?.names,
        problems: documents.problems,
        views: views.all().map(viewAccount),
      }
      return replyJson(response, 200, overview)
    }
    const connection = [...connections].find(({ node }) => node?.id === id)
    if (connection?.client === undefined)
      return replyError(response, 404, `no client ${id} is connected; see /debug/clients`)
    const { workload, dialect } = connection.client
    const view = views.of(workload)
    const sets = view.served(dialect)
    const resources = sets === undefined ? {} : byKind(sets, namesOf)
    replyJson(response, 200, { id, workload, dialect, problems: view.config?.problems ?? [], resources })
  }

  #nacks(): object {
    const { connections, nacks, feed } = this.#of
    const now = [...connections].flatMap((connection) =>
      connection
        .progress()
        .flatMap(({ kind, refused }) =>
          refused === undefined ? [] : [{ client: connection.node?.id, kind, message: refused }],
        ),
    )
    const rejected = feed.reports.all().flatMap(({ node, rejected }) => rejected.map((each) => ({ node, ...each })))
    return { now, total: nacks.total, last: nacks.last, feed: rejected }
  }
}

function accountOf(connection: Connection, version: string): object {
  const { node, peer, variant, client, sinceMs } = connection
  return {
    id: node?.id ?? '',
    agent: node?.userAgent ?? '',
    peer,
    protocol: variant,
    dialect: client?.dialect,
    workload: client?.workload,
    since: new Date(sinceMs).toISOString(),
    upToDate: connection.has(version),
    kinds: connection.progress(),
  }
}

function viewAccount(view: View): object {
  const served = view.dialects.flatMap((dialect) => {
    const sets = view.served(dialect)
    return sets === undefined
      ? []
      : [[dialect, byKind(sets, ({ version, listed }) => ({ version, count: listed.size }))]]
  })
  const { workload, clients, config } = view
  const problems = config?.problems.length ?? 0
  return { workload, clients, version: config?.version, problems, served: Object.fromEntries(served) as object }
}

function byKind<T>(sets: ResourceSets, account: (set: ResourceSets['cluster']) => T): Record<string, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, account(sets[kind])]))
}

function namesOf({ version, listed }: ResourceSets['cluster']): object {
  return { version, names: Object.fromEntries([...listed].map(([name, resource]) => [name, resource.version])) }
}

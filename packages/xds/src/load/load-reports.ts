// Which server hears of load: the one that sent clusters which ask for it (`lrs_server`), of these and no others.
import type { Cache } from '../resolve/cache.ts'
import { known } from '../resolve/cache.ts'
import type { Living } from './load-meter.ts'
import type { LoadReporter } from './load-reporter.ts'

interface Source<S> extends Cache {
  /** Who is asked for this cluster now. */
  serverOf(name: string): S | undefined
}

export class LoadReports<S extends { readonly uri: string }> {
  readonly #report: (server: S, living: Living) => LoadReporter
  readonly #living: Living
  /** The server that hears of a cluster. */
  readonly #servers = new Map<string, S>()
  readonly #reporters = new Map<string, LoadReporter>()

  /** @param living clusters in use @param report starts to report to a server */
  constructor(living: Living, report: (server: S, living: Living) => LoadReporter) {
    this.#living = living
    this.#report = report
  }

  /** @param changed names of clusters */
  update(changed: Iterable<string>, source: Source<S>): void {
    let news = false
    for (const name of changed) {
      const asks = known(source, 'cluster', name)?.reportsLoad === true
      const server = asks ? source.serverOf(name) : undefined
      if (server?.uri === this.#servers.get(name)?.uri) continue
      news = true
      if (server === undefined) this.#servers.delete(name)
      else this.#servers.set(name, server)
    }
    if (news) this.#reconcile()
  }

  close(): void {
    this.#servers.clear()
    this.#reconcile()
  }

  #reconcile(): void {
    const wanted = new Map([...this.#servers.values()].map((server) => [server.uri, server]))
    for (const [uri, reporter] of this.#reporters) {
      if (wanted.has(uri)) continue
      reporter.close()
      this.#reporters.delete(uri)
    }
    for (const [uri, server] of wanted) {
      if (!this.#reporters.has(uri)) this.#reporters.set(uri, this.#report(server, this.#of(uri)))
    }
  }

  #of(uri: string): Living {
    return () => new Map([...this.#living()].filter(([name]) => this.#servers.get(name)?.uri === uri))
  }
}

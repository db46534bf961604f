// Where clients that know of no mesh are let in or left alone, and counted. One per installation; its doors ask it.
import type { Mesh, RequestView } from '@proxyless/core/spi'

/** Clients as the doctor names them. */
export type ClientName = 'fetch' | 'http' | 'grpc'

export const clientNames: readonly ClientName[] = ['fetch', 'http', 'grpc']

/** What became of the requests of one client. */
export interface ClientCounts {
  /** Led by the mesh, or in observation judged by it. */
  meshed: number
  /** To hosts that no document claims: left to whoever would send them without a mesh. */
  unknown: number
  /** To hosts of the mesh, but not led by it; by reason. */
  readonly bypassed: Map<string, number>
}

export class Gate {
  readonly #mesh: Mesh
  readonly #observe: ((view: RequestView) => void) | undefined
  readonly counts: Readonly<Record<ClientName, ClientCounts>> = {
    fetch: noCounts(),
    http: noCounts(),
    grpc: noCounts(),
  }

  /** @param observe hears of each request that the mesh would lead, and then leads none */
  constructor(mesh: Mesh, observe: ((view: RequestView) => void) | undefined) {
    this.#mesh = mesh
    this.#observe = observe
  }

  get observing(): boolean {
    return this.#observe !== undefined
  }

  /** True: the mesh leads it. False: it goes the way it would go without one. */
  admits(client: ClientName, view: RequestView): boolean {
    const counts = this.counts[client]
    if (this.#mesh.leaves(view)) {
      counts.unknown++
      return false
    }
    counts.meshed++
    if (this.#observe === undefined) return true
    this.#observe(view)
    return false
  }

  /** Whether the mesh would lead it now; counts nothing. */
  knows(view: RequestView): boolean {
    return this.#observe === undefined && !this.#mesh.leaves(view)
  }

  /** A request that the mesh cannot lead; it matters where its host is the mesh's. */
  bypasses(client: ClientName, view: RequestView, reason: string): void {
    if (this.#mesh.leaves(view)) return
    const { bypassed } = this.counts[client]
    bypassed.set(reason, (bypassed.get(reason) ?? 0) + 1)
  }
}

function noCounts(): ClientCounts {
  return { meshed: 0, unknown: 0, bypassed: new Map() }
}

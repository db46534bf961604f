// The mesh in a process whose clients know nothing of it: what was taken in, and how it is given back.
// One per process, whatever copies of this package are in it: nothing is meshed twice.
import type { RequestView } from '@proxyless/core/spi'
import type { HttpTransport } from '../http-transport.ts'
import type { MeshDispatcher } from '../mesh-dispatcher.ts'
import { type MeshAgents, patchAgents } from './agent-patch.ts'
import { takeSlots } from './dispatcher-slots.ts'
import { type ClientCounts, type ClientName, clientNames, Gate } from './gate.ts'

export interface InstallParts {
  /** The built-in fetch, WebSocket and EventSource, and every undici of the application. Default true. */
  readonly fetch?: boolean
  /** node:http and node:https, and what stands on them. Default true. */
  readonly http?: boolean
}

/** A door of another package that takes in clients of its own. Returns what undoes it. */
export type TakeClients = (gate: {
  admits(view: RequestView): boolean
  knows(view: RequestView): boolean
}) => () => void

/** What the process keeps of it; read by other copies of this package too, so it never changes its meaning. */
interface Held {
  readonly transport: object
  readonly installation: Installation
}

const registry = globalThis as { [installed]?: Held | undefined }
const installed: unique symbol = Symbol.for('proxyless.installation') as never

export class Installation implements Disposable {
  readonly #transport: HttpTransport
  readonly #gate: Gate
  readonly #undo: (() => void)[] = []
  readonly #holdsAgents: () => boolean = () => false
  readonly taken: ReadonlySet<ClientName>

  constructor(
    transport: HttpTransport,
    dispatcher: MeshDispatcher,
    agents: MeshAgents,
    { fetch = true, http = true }: InstallParts,
    observe: ((view: RequestView) => void) | undefined,
    grpc: TakeClients | undefined,
  ) {
    this.#transport = transport
    this.#gate = new Gate(transport.mesh, observe)
    const taken: Readonly<Record<ClientName, boolean>> = { fetch, http, grpc: grpc !== undefined }
    this.taken = new Set(clientNames.filter((name) => taken[name]))
    if (fetch) this.#undo.push(takeSlots(transport, dispatcher, this.#gate))
    if (http) {
      const { undo, holds } = patchAgents(agents, this.#gate)
      this.#undo.push(undo)
      this.#holdsAgents = holds
    }
    if (grpc !== undefined) {
      const gate = this.#gate
      this.#undo.push(grpc({ admits: (view) => gate.admits('grpc', view), knows: (view) => gate.knows(view) }))
    }
    registry[installed] = { transport, installation: this }
  }

  /** False once somebody else has patched the agents of node:http after it. */
  get holdsAgents(): boolean {
    return this.#holdsAgents()
  }

  get observing(): boolean {
    return this.#gate.observing
  }

  get counts(): Readonly<Record<ClientName, ClientCounts>> {
    return this.#gate.counts
  }

  /** Gives everything back as it was. Idempotent. */
  dispose(): void {
    for (const undo of this.#undo.splice(0).toReversed()) undo()
    if (registry[installed]?.transport === this.#transport) registry[installed] = undefined
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** The one of this mesh; `another` when a mesh, of this copy or of another one, is installed already; undefined: none is. */
export function installationOf(transport: HttpTransport): Installation | 'another' | undefined {
  const held = registry[installed]
  if (held === undefined) return undefined
  return held.transport === transport ? held.installation : 'another'
}

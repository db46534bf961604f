// Connections that take no new requests and finish what they carry: of endpoints that have left, of policies that hold no more.
// No cluster lists them; the house keeps them until they are empty, and closes them with the rest when it closes.
import type { Connections } from './endpoint.ts'

export class Draining {
  readonly #all = new Set<Connections>()

  add(connections: Connections): void {
    this.#all.add(connections)
    connections.drain(() => this.#all.delete(connections))
  }

  destroy(): void {
    for (const connections of this.#all) connections.destroy()
  }
}

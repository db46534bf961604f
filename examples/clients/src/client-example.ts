// What every example is: one call by a client of Node.js through a mesh, in the words of that client.
import type { Mesh } from 'proxyless'

export interface ClientExample {
  readonly name: string
  /** Resolves to what the service said. Retries of its own are off: the mesh retries. */
  readonly hello: (mesh: Mesh) => Promise<string>
}

// A mesh to each server that the runner starts.
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'

export class Meshes {
  readonly #meshes = new Map<string, Promise<TestMesh>>()

  to(authority: string, httpVersion: 1 | 2): Promise<TestMesh> {
    const known = this.#meshes.get(authority)
    if (known !== undefined) return known
    const protocol = httpVersion === 2 ? 'http2' : 'http1'
    const server = cluster('server', [endpoint(authority)], { protocol })
    const mesh = startMesh(config([host(['conformance'], [route(forward('server'))])], [server]))
    this.#meshes.set(authority, mesh)
    return mesh
  }

  async close(): Promise<void> {
    for (const mesh of this.#meshes.values()) await (await mesh).close()
  }
}

// A mesh over a MeshConfig that the test replaces at will; real time and sockets unless told otherwise.
import type { MeshConfig } from '@proxyless/core/spi'
import { createMesh, type CreateMeshOptions, type Mesh } from 'proxyless'
import { GivenSource } from './given-source.ts'

export interface TestMesh extends Mesh {
  /** Puts another configuration in force. */
  apply(config: MeshConfig): Promise<void>
}

export async function startMesh(
  config: MeshConfig,
  options: Omit<CreateMeshOptions, 'config'> = {},
): Promise<TestMesh> {
  const source = new GivenSource(config)
  const mesh = await createMesh({ ...options, config: source })
  return Object.assign(mesh, {
    async apply(next: MeshConfig): Promise<void> {
      source.give(next)
      // updates of one tick are coalesced
      await Promise.resolve()
      await Promise.resolve()
    },
  })
}

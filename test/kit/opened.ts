// Whatever a test opens, closed after it in reverse order.
import { afterEach } from 'vitest'
import { type Backend, type BackendOptions, startBackend } from './backend.ts'
import { startMesh, type TestMesh } from './mesh.ts'

const open: { close(): Promise<void> }[] = []

/** Call once at the top of a test file. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close()
  })
}

export function opened<T extends { close(): Promise<void> }>(what: T): T {
  open.push(what)
  return what
}

export async function backend(options: BackendOptions = {}): Promise<Backend> {
  return opened(await startBackend(options))
}

export async function mesh(...args: Parameters<typeof startMesh>): Promise<TestMesh> {
  return opened(await startMesh(...args))
}

// The three servers that every comparison of calls talks to.
import { forkModule } from '../harness/processes.ts'

export interface Upstream {
  readonly ports: readonly number[]
  close(): void
}

export const answerLength = 107

export async function startUpstream(): Promise<Upstream> {
  const servers = await Promise.all([0, 1, 2].map(() => forkModule<number>('world/upstream-server.js')))
  return {
    ports: servers.map(({ first }) => first),
    close: () => servers.forEach(({ child }) => child.kill()),
  }
}

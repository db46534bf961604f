// A service that answers by a call of its own, whatever framework serves it: what that call brought comes back.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreateMeshOptions, Mesh } from 'proxyless'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, mesh, opened } from '../kit/opened.ts'

/** What the service behind saw of the call. */
export interface Seen {
  readonly endUser: string | undefined
  readonly requestId: string | undefined
  readonly deadlineMs: number | undefined
}

/** A mesh of one service, `behind`, that tells what it sees of a call. */
export async function meshBefore(options: Omit<CreateMeshOptions, 'config'> = {}): Promise<Mesh> {
  const behind = await backend({
    handler: (request) => {
      const deadline = request.header('x-mesh-deadline-ms')
      const seen: Seen = {
        endUser: request.header('end-user'),
        requestId: request.header('x-request-id'),
        deadlineMs: deadline === undefined ? undefined : Number(deadline),
      }
      return { body: JSON.stringify(seen) }
    },
  })
  const c = cluster('c', [endpoint(behind.authority)])
  return mesh(config([host(['behind'], [route(forward('c'))])], [c]), { inherit: ['end-user'], ...options })
}

/** What a handler of any framework does: a call that says nothing of its surroundings. */
export async function callBehind({ fetch }: Pick<Mesh, 'fetch'>): Promise<Seen> {
  const response = await fetch('http://behind/')
  return (await response.json()) as Seen
}

/** The port of a server that stops with the test. */
export async function served(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened({
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  })
  return (server.address() as AddressInfo).port
}

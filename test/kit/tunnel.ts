// A TCP proxy that knows no protocol and can fall silent: connections stay open and nothing more comes or goes.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Tunnel {
  readonly authority: string
  /** How many connections there have been. */
  readonly accepted: () => number
  /** Those that are open now fall silent. */
  silence(): void
  close(): Promise<void>
}

/** @param authority of a server on loopback */
export async function startTunnel(authority: string): Promise<Tunnel> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((near) => {
    accepted++
    const far = connect(Number(authority.slice(authority.lastIndexOf(':') + 1)), '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => accepted,
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

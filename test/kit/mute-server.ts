// A server for tests that accepts connections and never says a word.
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface MuteServer {
  readonly authority: string
  /** Open ones. */
  readonly sockets: Set<Socket>
  close(): Promise<void>
}

export async function startMute(): Promise<MuteServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
      .resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    authority: `127.0.0.1:${port}`,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

// A server that answers with the very bytes it is told: HTTP/1.0, trailers, nonsense, closed connections.
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Received } from '../../../kit/backend.ts'

export interface RawServer {
  /** For the n-th request of a connection, from 0: what is written, and how the connection is closed after. */
  answer(n: number, url: string): { readonly bytes: string; readonly close?: boolean | 'reset' }
}

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** Requests with bodies are not for it. */
export async function startRawServer(raw: RawServer, arrived: (request: Received) => void): Promise<Listening> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let text = ''
    let n = 0
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = requestOf(text.slice(0, end))
        arrived(request)
        text = text.slice(end + 4)
        const { bytes, close = false } = raw.answer(n++, request.url)
        socket.write(bytes, 'latin1')
        if (close === 'reset') setImmediate(() => socket.resetAndDestroy())
        else if (close) socket.end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function requestOf(head: string): Received {
  const [first = '', ...lines] = head.split('\r\n')
  const [method = '', url = ''] = first.split(' ')
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const header = (name: string): string | undefined => {
    const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name)
    return at === -1 ? undefined : headers[at + 1]
  }
  return { method, url, headers, body: '', header }
}

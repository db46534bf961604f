// The service that all examples call: it greets in the words that each of them understands. One instance of it is dying.
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface Instance {
  readonly port: number
  /** Requests that it has seen. */
  readonly seen: number
  close(): Promise<void>
}

/** @param dying it answers 503, whatever it is asked */
export async function startInstance(name: string, dying: boolean): Promise<Instance> {
  let seen = 0
  const greeting = `hello from ${name}`
  const server: Server = createServer((request, response) => {
    seen++
    request.resume()
    request.once('end', () => {
      if (dying) response.writeHead(503).end('dying')
      else if (request.url === '/hello') response.setHeader('content-type', 'text/plain').end(greeting)
      else if (request.url === '/v1/chat/completions') {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content: greeting } }] }))
      } else {
        response.setHeader('content-type', 'text/xml')
        response.end(
          '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
            `<Account>${greeting}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        )
      }
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    seen++
    if (dying) socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    else sockets.handleUpgrade(request, socket, head, (opened) => opened.send(greeting))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get seen() {
      return seen
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

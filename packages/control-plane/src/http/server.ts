// The HTTP server: finds the route of a request, reads bodies within bounds, and answers what has no route.
// What the routes do is theirs.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  handle(request: HttpRequest, response: ServerResponse): void | Promise<void>
}

export interface HttpRequest {
  readonly query: URLSearchParams
  readonly header: (name: string) => string | undefined
  /** @throws TooLarge */
  readonly text: () => Promise<string>
}

class TooLarge extends Error {}

const maxBodyBytes = 1024 * 1024

export class HttpServer {
  readonly port: number
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** @param address `host:port` @throws Error when it cannot be listened on */
  static async listen(address: string, routes: readonly Route[]): Promise<HttpServer> {
    const server = createServer((request, response) => void serve(routes, request, response))
    const { host, port } = hostAndPort(address)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    return new HttpServer(server)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}

/** IPv6 in brackets. */
function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) }
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value, undefined, 2)}\n`)
}

export function replyError(response: ServerResponse, status: number, error: string): void {
  replyJson(response, status, { error })
}

async function serve(routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const here = routes.filter(({ path }) => path === pathname)
    const route = here.find((each) => each.method === method)
    if (route !== undefined) {
      await route.handle(requestOf(request, searchParams), response)
      return
    }
    if (here.length === 0) {
      const known = [...new Set(routes.map(({ path }) => path))].sort().join(', ')
      replyError(response, 404, `there is nothing at ${pathname}; there is ${known}`)
      return
    }
    const allowed = here.map((each) => each.method).join(', ')
    response.setHeader('allow', allowed)
    replyError(response, 405, `${pathname} takes ${allowed}`)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else if (error instanceof TooLarge) replyError(response, 413, error.message)
    else replyError(response, 500, error instanceof Error ? error.message : String(error))
  }
}

function requestOf(request: IncomingMessage, query: URLSearchParams): HttpRequest {
  return {
    query,
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    text: async () => {
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > maxBodyBytes) throw new TooLarge('a body may have 1 MiB at most')
        chunks.push(chunk)
      }
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}

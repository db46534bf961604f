// A server for Prometheus beside the application: /metrics, and nothing else. It keeps no process alive.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class MetricsServer {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Where the port cannot be had the mesh goes without: a process and its children inherit one variable. Undefined then, with a warning. */
  static async listen(port: number, handler: RequestListener): Promise<MetricsServer | undefined> {
    const server = createServer((request, response) => {
      if (request.url?.split('?')[0] === '/metrics') handler(request, response)
      else response.writeHead(404).end()
    })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, resolve)
      })
    } catch (error) {
      process.emitWarning(`metrics are not served: ${(error as Error).message}`, {
        type: 'MeshWarning',
        code: 'PROXYLESS_METRICS',
      })
      return undefined
    }
    server.unref()
    return new MetricsServer(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/metrics`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

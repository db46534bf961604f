// The metrics of a mesh as a request handler of Node's HTTP servers.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { metricsType } from '@proxyless/core/spi'
import type { MeshMetrics } from './mesh-metrics.ts'

/** Answers GET and HEAD with Prometheus' text format, whatever the path. */
export function metricsHandler(metrics: MeshMetrics): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    const text = metrics.text()
    response.writeHead(200, { 'content-type': metricsType, 'content-length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? undefined : text)
  }
}

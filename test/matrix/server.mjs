// The server of a cell of the matrix: what clients do differently is what it is asked for.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { WebSocketServer } from 'ws'

export const bigSize = 20 * 1024 * 1024

/** Resolves to its port, and to what it has seen of itself. */
export async function startServer() {
  const failing = new Set()
  const state = { port: 0, bigSent: 0, accepted: 0, aborted: 0, seen: [], close: () => server.closeAllConnections() }
  const server = createServer((request, response) => void serve(request, response))
  const serve = async (request, response) => {
    state.seen.push(request.url)
    request.on('error', () => undefined)
    response.once('close', () => !response.writableFinished && state.aborted++)
    const url = new URL(request.url, 'http://x')
    const body = Buffer.concat(await request.toArray().catch(() => []))
    switch (url.pathname) {
      case '/moved':
        return response.writeHead(302, { location: '/landed' }).end()
      case '/user':
        return response.end(request.headers['end-user'])
      case '/gzip':
        return response.setHeader('content-encoding', 'gzip').end(gzipSync('unpacked'))
      case '/cookies':
        return response.setHeader('set-cookie', ['a=1', 'b=2']).end()
      case '/hang':
        return undefined
      case '/events':
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        // the next one comes when the first was read
        response.write('data: one\n\n')
        return void (state.moreEvents = () => response.end('data: two\n\n'))
      case '/big':
        return sendBig(response, state)
      case '/once': {
        // each body fails once
        const key = url.search
        if (failing.has(key)) return response.end(`got ${body.length}`)
        failing.add(key)
        response.statusCode = 503
        return response.end('not yet')
      }
      default:
        return response.end(`${request.method} ${request.headers.host} ${request.url} ${body.toString()}`)
    }
  }
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data, { binary: false })))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  state.port = server.address().port
  return state
}

function sendBig(response, state) {
  state.bigSent = 0
  const chunk = Buffer.alloc(65_536, 'x')
  const more = () => {
    while (state.bigSent < bigSize) {
      state.bigSent += chunk.length
      if (!response.write(chunk)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

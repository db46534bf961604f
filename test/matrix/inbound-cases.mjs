// A server whose answers are calls of its own: each inherits of the request that it answers, by whatever client it is made.
import { deepStrictEqual as same } from 'node:assert'
import { once } from 'node:events'
import { Agent, createServer, get, request } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'

const address = 'http://svc.example/user'

/** The ways of making a call that says nothing of who it is for. */
const clients = {
  fetch: async () => (await fetch(address)).text(),
  'undici.fetch': async (undici) => (await undici.fetch(address)).text(),
  'undici.request': async (undici) => (await undici.request(address)).body.text(),
  'node:http': async () => {
    const [response] = await once(get(address), 'response')
    return Buffer.concat(await response.toArray()).toString()
  },
}

const users = Array.from({ length: 100 }, (_, i) => `user-${i}`)

/** Node 20 does not tell of requests over HTTP/2. */
const overHttp2 = process.version.startsWith('v20.') ? [] : ['HTTP/2']

export const inboundCases = Object.fromEntries(
  ['HTTP/1.1', ...overHttp2].flatMap((protocol) =>
    Object.entries(clients).map(([name, call]) => [
      `inherits over ${protocol}, ${name}`,
      async ({ undici }) => same(await visits(protocol, () => call(undici)), users),
    ]),
  ),
)

async function visits(protocol, call) {
  // what answers waits for the body, in listeners
  const answer = (incoming, response) => {
    incoming.resume().on('end', () =>
      call().then(
        (text) => response.end(text),
        (error) => response.end(String(error)),
      ),
    )
  }
  const server = protocol === 'HTTP/2' ? createHttp2Server(answer) : createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const ask = protocol === 'HTTP/2' ? byHttp2(server.address().port) : byHttp(server.address().port)
  const texts = await Promise.all(users.map(ask.visit))
  ask.close()
  server.close()
  return texts
}

function byHttp(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  const visit = async (user) => {
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST', headers: { 'end-user': user } })
    sent.end('body')
    const [response] = await once(sent, 'response')
    return Buffer.concat(await response.toArray()).toString()
  }
  return { visit, close: () => agent.destroy() }
}

function byHttp2(port) {
  const session = connect(`http://127.0.0.1:${port}`)
  const visit = async (user) => {
    const stream = session.request({ ':method': 'POST', 'end-user': user })
    stream.end('body')
    return Buffer.concat(await stream.toArray()).toString()
  }
  return { visit, close: () => session.close() }
}

// What every fetch has to do through an installed mesh: the cases of the matrix, each by its name.
// `svc.example` does not resolve: an answer comes through the mesh or not at all.
import { strictEqual as same, deepStrictEqual as alike, ok, rejects } from 'node:assert'
import { bigSize } from './server.mjs'

const base = 'http://svc.example'

/** Cases of a fetch with its FormData. */
export const fetchCases = {
  async GET({ fetch }) {
    same(await (await fetch(`${base}/a?b=1`)).text(), 'GET svc.example /a?b=1 ')
  },
  async 'POST of text'({ fetch }) {
    same(await text(fetch, '/', { method: 'POST', body: 'text' }), 'POST svc.example / text')
  },
  async 'POST with a content-length of its own'({ fetch }) {
    const headers = { 'content-length': '4' }
    same(await text(fetch, '/', { method: 'POST', body: 'text', headers }), 'POST svc.example / text')
  },
  async 'POST of a stream'({ fetch }) {
    const body = new Blob(['one ', 'two']).stream()
    same(await text(fetch, '/', { method: 'POST', body, duplex: 'half' }), 'POST svc.example / one two')
  },
  async 'POST of FormData'({ fetch, FormData }) {
    const body = new FormData()
    body.set('field', 'value')
    body.set('file', new Blob(['content']), 'name.txt')
    const sent = await text(fetch, '/', { method: 'POST', body })
    ok(sent.includes('name="field"') && sent.includes('filename="name.txt"') && sent.includes('content'), sent)
  },
  async redirect({ fetch }) {
    const response = await fetch(`${base}/moved`)
    same(response.redirected, true)
    same(await response.text(), 'GET svc.example /landed ')
  },
  async gzip({ fetch }) {
    same(await text(fetch, '/gzip'), 'unpacked')
  },
  async abort({ fetch, server }) {
    const controller = new AbortController()
    const { aborted } = server
    const hanging = fetch(`${base}/hang`, { signal: controller.signal })
    await until(() => server.seen.at(-1) === '/hang')
    controller.abort(new Error('not now'))
    await rejects(hanging, /not now/)
    await until(() => server.aborted > aborted)
  },
  async 'server-sent events as they come'({ fetch, server }) {
    const response = await fetch(`${base}/events`)
    const reader = response.body.getReader()
    same(Buffer.from((await reader.read()).value).toString(), 'data: one\n\n')
    server.moreEvents()
    same(Buffer.from((await reader.read()).value).toString(), 'data: two\n\n')
    same((await reader.read()).done, true)
  },
  async '20 MB under back-pressure'({ fetch, server }) {
    const response = await fetch(`${base}/big`)
    let before = -1
    await until(() => {
      const still = server.bigSent === before
      before = server.bigSent
      return still
    })
    ok(server.bigSent < bigSize, 'the server was not held back')
    let received = 0
    for await (const chunk of response.body) received += chunk.length
    same(received, bigSize)
  },
  async 'Set-Cookie twice'({ fetch }) {
    alike((await fetch(`${base}/cookies`)).headers.getSetCookie(), ['a=1', 'b=2'])
  },
  async 'a host that the mesh does not know'({ fetch, server }) {
    const host = `127.0.0.1:${server.port}`
    const response = await fetch(`http://${host}/p`, { method: 'POST', body: 'text' })
    same(await response.text(), `POST ${host} /p text`)
  },
  async 'retry with the body again'({ fetch, server }) {
    const body = 'x'.repeat(300_000)
    const path = `/once?${server.seen.length}`
    same(await text(fetch, path, { method: 'POST', body }), 'got 300000')
    same(server.seen.filter((url) => url === path).length, 2)
  },
}

export const webSocketCases = {
  async WebSocket({ WebSocket }) {
    const socket = new WebSocket('ws://svc.example/socket')
    const answer = await new Promise((resolve, reject) => {
      socket.addEventListener('error', (event) => reject(event.error ?? new Error('the socket failed')))
      socket.addEventListener('open', () => socket.send('hello'))
      socket.addEventListener('message', ({ data }) => resolve(data))
    })
    same(answer, 'hello')
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
    socket.close()
    await closed
  },
}

/** Cases of undici's own call. */
export const requestCases = {
  async GET({ request }) {
    const { body, headers } = await request(`${base}/cookies`)
    alike(headers['set-cookie'], ['a=1', 'b=2'])
    same(await body.text(), '')
  },
  async 'POST of a stream'({ request }) {
    const { body } = await request(base, { method: 'POST', body: new Blob(['one ', 'two']).stream() })
    same(await body.text(), 'POST svc.example / one two')
  },
  async 'retry with the body again'({ request, server }) {
    const path = `/once?${server.seen.length}`
    const { body } = await request(base + path, { method: 'POST', body: Buffer.alloc(300_000) })
    same(await body.text(), 'got 300000')
  },
}

async function text(fetch, path, init) {
  return (await fetch(base + path, init)).text()
}

async function until(check) {
  for (let tries = 0; !check(); tries++) {
    if (tries > 2_000) throw new Error(`never came true: ${check}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

import { connect } from 'node:http2'
import { readFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { Agent, request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { startBackend, startBackends } from './backend.ts'
import type { Backend, BackendOptions } from './backend.ts'
import { issueCertificates } from './certificates.ts'
import { until } from './until.ts'

const backends: Backend[] = []
let agent: Agent | undefined

afterEach(async () => {
  await agent?.destroy()
  agent = undefined
  await Promise.all(backends.splice(0).map((backend) => backend.close()))
})

test('records requests and answers from the script, then from the handler', async () => {
  const backend = await start({ name: 'one', handler: ({ body }) => ({ body: `got ${body}` }) })
  backend.answerNext({ status: 503, headers: ['a', '1', 'a', '2'], body: 'no' })
  const first = await call(backend, { method: 'POST', body: 'x', headers: { 'X-Case': 'kept' } })
  expect([first.statusCode, first.headers['a'], await first.body.text()]).toEqual([503, ['1', '2'], 'no'])
  const second = await call(backend, { method: 'POST', body: 'y' })
  expect([second.statusCode, second.headers['x-backend'], await second.body.text()]).toEqual([200, 'one', 'got y'])
  expect(backend.requests).toMatchObject([{ method: 'POST', url: '/path?q', body: 'x' }, { body: 'y' }])
  expect(backend.requests[0]?.headers).toContain('X-Case')
  expect(backend.requests[0]?.header('x-case')).toBe('kept')
  expect(backend.accepted).toBe(1)
})

test('misbehaves as told', async () => {
  const backend = await start({})
  backend.answerNext({ instead: 'close' }, { instead: 'reset' }, { instead: 'half', body: 'abc' }, { instead: 'hang' })
  await expect(call(backend)).rejects.toThrow('other side closed')
  await expect(call(backend)).rejects.toThrow(/ECONNRESET|closed/)
  const half = await call(backend)
  await expect(half.body.text()).rejects.toThrow(/./)
  const hanging = call(backend)
  await until(() => backend.requests.length === 4)
  backend.dropConnections()
  await expect(hanging).rejects.toThrow(/ECONNRESET|closed/)
  await until(() => backend.connections === 0)
})

test('several, named', async () => {
  const many = await startBackends(['a', 'b'])
  backends.push(...many)
  const names = await Promise.all(many.map(async (backend) => (await call(backend)).headers['x-backend']))
  expect(names).toEqual(['a', 'b'])
})

test('speaks HTTP/2 without TLS', async () => {
  const backend = await start({ protocol: 'http2', handler: () => ({ status: 201, body: 'two' }) })
  const session = connect(backend.url)
  const stream = session.request({ ':path': '/h2' })
  const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
  stream.resume()
  expect(await status).toBe(201)
  expect(backend.requests[0]?.url).toBe('/h2')
  await new Promise<void>((resolve) => session.close(resolve))
})

test('speaks TLS, and asks for a client certificate', async ({ skip }) => {
  const certificates = await issueCertificates(['reviews.test'])
  if (certificates === undefined) return skip('no openssl on this machine')
  try {
    const backend = await start({ protocol: 'https', tls: await certificates.server({ mutual: true }) })
    const ca = await readFile(certificates.caFile)
    const identity = {
      cert: await readFile(certificates.clientCertFile),
      key: await readFile(certificates.clientKeyFile),
    }
    const get = (options: object): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const started = httpsRequest(backend.url, { ca, agent: false, ...options }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        started.on('error', reject).end()
      })
    expect(await get({ ...identity, servername: 'reviews.test' })).toBe(200)
    await expect(get({})).rejects.toThrow(/./)
  } finally {
    await certificates.remove()
  }
})

async function start(options: BackendOptions): Promise<Backend> {
  const backend = await startBackend(options)
  backends.push(backend)
  return backend
}

function call(backend: Backend, options: object = {}): ReturnType<typeof request> {
  agent ??= new Agent({ connections: 1 })
  return request(`${backend.url}/path?q`, { ...options, dispatcher: agent })
}

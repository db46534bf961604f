// The HTTP door's connections: reuse, limits, TLS, HTTP/2, upgrades, and what happens when either side closes.
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { request, upgrade } from 'undici'
import { issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const toC = host(['svc'], [route(forward('c'))])

const one = { maxConnections: 1, maxPendingRequests: Infinity, maxRequests: Infinity, maxRetries: Infinity }

describe('connections', () => {
  test('are reused one after the other and opened for calls at the same time', async () => {
    const b = await backend()
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
    for (let i = 0; i < 5; i++) await (await m.fetch('http://svc/')).text()
    expect(b.accepted).toBe(1)
    await Promise.all(Array.from({ length: 4 }, async () => (await m.fetch('http://svc/')).text()))
    expect(b.accepted).toBeGreaterThan(1)
    expect(b.accepted).toBeLessThanOrEqual(4)
  })

  test('that the server closes are replaced without a failure', async () => {
    const b = await backend({ handler: () => ({ headers: ['connection', 'close'], body: 'x' }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
    for (let i = 0; i < 20; i++) expect((await m.fetch('http://svc/')).status).toBe(200)
    expect(b.accepted).toBe(20)
    await until(() => m.status().clusters.find((c) => c.name === 'c')?.limits.connections.now === 0)
  })

  test('that were closed while idle are not used', async () => {
    const b = await backend()
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
    await (await m.fetch('http://svc/')).text()
    b.dropConnections()
    await until(() => m.status().clusters.find((c) => c.name === 'c')?.limits.connections.now === 0)
    expect((await m.fetch('http://svc/')).status).toBe(200)
  })

  test('carry one request each where maxRequestsPerConnection is 1', async () => {
    const b = await backend()
    const connectionPool = { idleTimeoutMs: 1000, maxRequestsPerConnection: 1, maxConcurrentStreams: 100 }
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { connectionPool })]))
    for (let i = 0; i < 3; i++) await (await m.fetch('http://svc/')).text()
    expect(b.accepted).toBe(3)
  })

  test('follow one another where maxConnections and maxRequestsPerConnection are 1', async () => {
    const b = await backend()
    const connectionPool = { idleTimeoutMs: 1000, maxRequestsPerConnection: 1, maxConcurrentStreams: 100 }
    const to = cluster('c', [endpoint(b.authority)], { connectionPool, circuitBreakers: one })
    const m = await mesh(config([toC], [to]))
    const answers = await Promise.all(Array.from({ length: 4 }, () => m.fetch('http://svc/')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(b.accepted).toBe(4)
  })

  test('of an endpoint that is no longer listed finish their call, then close', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const old = await backend({ handler: () => ({ after: held, body: 'old' }) })
    const fresh = await backend({ handler: () => ({ body: 'fresh' }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(old.authority)])]))
    const underWay = m.fetch('http://svc/')
    await until(() => old.requests.length === 1)
    await m.apply(config([toC], [cluster('c', [endpoint(fresh.authority)])]))
    expect(await (await m.fetch('http://svc/')).text()).toBe('fresh')
    release()
    expect(await (await underWay).text()).toBe('old')
    await until(() => old.connections === 0)
  })

  test('of an endpoint that is no longer listed end with the mesh', async () => {
    const old = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(old.authority)])]))
    const underWay = m.fetch('http://svc/')
    await until(() => old.requests.length === 1)
    await m.apply(config([toC], [cluster('c', [])]))
    await m.close()
    expect((await underWay).status).toBe(503)
    await until(() => old.connections === 0)
  })

  test('give 503 UC when the server closes instead of answering, without a retry by default policy (C082)', async () => {
    const b = await backend({ handler: () => ({ instead: 'close' }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
    const response = await m.fetch('http://svc/')
    expect(response.status).toBe(503)
    expect(response.headers.get('x-mesh-response-flags')).toBe('UC')
    expect(await response.text()).toContain('reset reason: connection termination')
    expect(b.requests).toHaveLength(1)
  })

  test('give 502 UPE when the server speaks no HTTP', async () => {
    const server = createServer((socket) => socket.on('data', () => socket.end('this is not http\r\n\r\n')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened({ close: () => new Promise<void>((resolve) => server.close(() => resolve())) })
    const { port } = server.address() as AddressInfo
    const m = await mesh(config([toC], [cluster('c', [endpoint(`127.0.0.1:${port}`)])]))
    const response = await m.fetch('http://svc/')
    expect(response.status).toBe(502)
    expect(response.headers.get('x-mesh-response-flags')).toBe('UPE')
  })

  test('break the body, not the answer, when the server dies after the head', async () => {
    const b = await backend({ handler: () => ({ instead: 'half', body: 'x'.repeat(100) }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
    const response = await m.fetch('http://svc/')
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
    expect(m.status().clusters.find((c) => c.name === 'c')?.endpoints[0]?.activeRequests).toBe(0)
  })

  test('speak HTTP/2 in clear text where the cluster says so, many calls on one connection', async () => {
    const b = await backend({ protocol: 'http2', handler: (r) => ({ body: r.url }) })
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { protocol: 'http2' })]))
    await (await m.fetch('http://svc/first')).text()
    const texts = await Promise.all([1, 2, 3, 4, 5].map(async (i) => (await m.fetch(`http://svc/${i}`)).text()))
    expect(texts).toEqual(['/1', '/2', '/3', '/4', '/5'])
    expect(b.accepted).toBe(1)
  })

  test('of HTTP/2 carry requests with bodies beside others that take long, streams and empty ones too', async () => {
    const b = await backend({
      protocol: 'http2',
      handler: ({ url, body }) => (url === '/slow' ? { instead: 'hang' } : { body: `${url} ${body}` }),
    })
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { protocol: 'http2' })]))
    await (await m.fetch('http://svc/first')).text()
    const post = (path: string, init: RequestInit & { readonly duplex?: 'half' }): Promise<Response> =>
      m.fetch(`http://svc/${path}`, { method: 'POST', ...init })
    const text = async (answer: Promise<Response>): Promise<string> => (await answer).text()
    const stream = (...parts: string[]): ReadableStream =>
      new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part))
          controller.close()
        },
      })
    const giveUp = new AbortController()
    const slow = [{ body: 'kept' }, { body: stream('kept'), duplex: 'half' as const }].map((init) =>
      post('slow', { ...init, signal: giveUp.signal }).catch((error: unknown) => (error as Error).name),
    )
    await until(() => b.requests.length === 3)
    expect(await text(post('text', { body: 'whole' }))).toBe('/text whole')
    expect(await text(post('empty', { body: new Uint8Array(0) }))).toBe('/empty ')
    expect(await text(post('stream', { body: stream('a', 'b'), duplex: 'half' }))).toBe('/stream ab')
    expect(await text(post('no-stream', { body: stream(), duplex: 'half' }))).toBe('/no-stream ')
    const form = new FormData()
    form.set('field', 'value')
    expect(await text(post('form', { body: form }))).toContain('name="field"')
    const { body } = await request('http://svc/buffer', {
      method: 'PUT',
      body: Buffer.alloc(0),
      dispatcher: m.dispatcher,
    })
    expect(await body.text()).toBe('/buffer ')
    expect(b.accepted).toBe(1)
    giveUp.abort()
    expect(await Promise.all(slow)).toEqual(['AbortError', 'AbortError'])
    expect(await text(m.fetch('http://svc/last'))).toBe('/last ')
  })

  test('are upgraded for WebSocket-like protocols and count as one request until they close', async () => {
    const server = createHttpServer()
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened({ close: () => new Promise<void>((resolve) => server.close(() => resolve())) })
    const { port } = server.address() as AddressInfo
    const m = await mesh(config([toC], [cluster('c', [endpoint(`127.0.0.1:${port}`)])]))
    const { socket } = await upgrade('http://svc/chat', { dispatcher: m.dispatcher, protocol: 'echo' })
    const echoed = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    socket.write('ping')
    expect(await echoed).toBe('ping')
    const requests = (): number | undefined => m.status().clusters.find((c) => c.name === 'c')?.limits.requests.now
    expect(requests()).toBe(1)
    socket.destroy()
    await until(() => requests() === 0)
  })
})

const files = await issueCertificates()
afterAll(() => files?.remove())
const tls = await files?.server()

describe.runIf(files !== undefined)('secured connections', () => {
  const upstream = { subjectAltNames: [], verify: true, ...(files === undefined ? {} : { caFile: files.caFile }) }

  test('are originated for http URLs, with the request host as server name and checked name (C125)', async () => {
    const b = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const known = host(['localhost', 'wrong.example'], [route(forward('c'))])
    const m = await mesh(config([known], [cluster('c', [endpoint(b.authority)], { tls: upstream })]))
    expect((await m.fetch('http://localhost/')).status).toBe(200)
    const wrong = await m.fetch('http://wrong.example/')
    expect(wrong.status).toBe(503)
    expect(wrong.headers.get('x-mesh-response-flags')).toBe('UF')
  })

  test('are limited lane by lane: the first with another server name is always allowed', async () => {
    const b = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const known = host(['localhost', 'other.example'], [route(forward('c'))])
    const more = { tls: { ...upstream, verify: false }, circuitBreakers: one }
    const m = await mesh(config([known], [cluster('c', [endpoint(b.authority)], more)]))
    expect((await m.fetch('http://localhost/')).status).toBe(200)
    expect((await m.fetch('http://other.example/')).status).toBe(200)
    expect(b.accepted).toBe(2)
  })

  test('that fail in one lane fail nobody who waits in another', async () => {
    const b = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const known = host(['localhost', 'wrong.example'], [route(forward('c'))])
    const m = await mesh(config([known], [cluster('c', [endpoint(b.authority)], { tls: upstream })]))
    const calls = ['wrong.example', 'localhost', 'localhost'].map((name) => m.fetch(`http://${name}/`))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([503, 200, 200])
  })

  test('with a given server name and no names to check trust the chain alone (C127)', async () => {
    const b = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const fixed = { ...upstream, serverName: 'another.example' }
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { tls: fixed })]))
    expect((await m.fetch('http://svc/')).status).toBe(200)
    const named = { ...fixed, subjectAltNames: ['spiffe://nobody'] }
    const other = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { tls: named })]))
    expect((await other.fetch('http://svc/')).status).toBe(503)
  })

  test('are made endpoint by endpoint where the cluster tells them apart, and not at all where none can be made', async () => {
    const secured = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const bare = await backend()
    const at = (of: { authority: string }, mode: string): ReturnType<typeof endpoint> =>
      endpoint(of.authority, { tlsLabels: { mode } })
    const tlsMatches = [
      { labels: { mode: 'tls' }, tls: upstream },
      { labels: { mode: 'none' } },
      { labels: {}, unavailable: 'no certificate for it' },
    ]
    const known = host(['localhost'], [route(forward('c'))])
    const to = (...endpoints: ReturnType<typeof endpoint>[]): ReturnType<typeof config> =>
      config([known], [cluster('c', endpoints, { tlsMatches })])
    const m = await mesh(to(at(secured, 'tls'), at(bare, 'none')))
    for (let i = 0; i < 4; i++) expect((await m.fetch('http://localhost/')).status).toBe(200)
    expect([secured.accepted, bare.accepted]).toEqual([1, 1])
    const barred = await mesh(to(at(bare, 'other')), { localReply: 'throw' })
    const failure: unknown = await barred.fetch('http://localhost/').catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONNECT_FAILURE', cause: new Error('no certificate for it') })
    expect(bare.accepted).toBe(1)
  })

  test('with a file that cannot be read fail with a reason that names it', async () => {
    const b = await backend({ protocol: 'https', ...(tls === undefined ? {} : { tls }) })
    const unreadable = { ...upstream, caFile: '/nowhere/ca.pem' }
    const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)], { tls: unreadable })]), {
      localReply: 'throw',
    })
    const failure: unknown = await m.fetch('http://svc/').catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'MeshError', code: 'CONNECT_FAILURE', flags: 'UF' })
    expect(String((failure as Error).cause)).toContain('/nowhere/ca.pem')
  })
})

test('closing the mesh leaves no connection and no timer', async () => {
  const b = await backend()
  const m = await mesh(config([toC], [cluster('c', [endpoint(b.authority)])]))
  await Promise.all(Array.from({ length: 10 }, async () => (await m.fetch('http://svc/')).text()))
  await m.close()
  await until(() => b.connections === 0)
  expect(
    await new Promise((resolve) =>
      connectTcp(b.port, b.host, function (this: { destroy(): void }) {
        this.destroy()
        resolve(true)
      }),
    ),
  ).toBe(true)
  const late = await m.fetch('http://svc/')
  expect(late.status).toBe(503)
})

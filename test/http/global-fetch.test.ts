// The platform's own fetch through the mesh: what setGlobalDispatcher changes, and what it must not.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dispatcher, fetch as undiciFetch, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'

const big = Buffer.alloc(20 * 1024 * 1024, 'x')

const serve: RequestListener = (incoming, outgoing) => {
  const path = incoming.url ?? ''
  if (path === '/cookies') outgoing.setHeader('set-cookie', ['a=1', 'b=2'])
  if (path === '/moved') outgoing.writeHead(302, { location: 'http://other.svc/landed' })
  if (path === '/gzip') outgoing.setHeader('content-encoding', 'gzip')
  if (path === '/events') {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of ['one', 'two', 'three']) outgoing.write(`data: ${event}\n\n`)
    return void outgoing.end()
  }
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    const body = Buffer.concat(chunks)
    if (path === '/big') outgoing.end(big)
    else if (path === '/gzip') outgoing.end(gzipSync('unpacked'))
    else outgoing.end(`${incoming.method} ${incoming.headers.host} ${path} ${body.toString()}`)
  })
}

const server = createServer(serve)
let mesh: TestMesh
let before: Dispatcher

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const routes = [route(forward('c'))]
  mesh = await startMesh(config([host(['svc', 'other.svc'], routes)], [cluster('c', [endpoint(`127.0.0.1:${port}`)])]))
  before = getGlobalDispatcher()
  setGlobalDispatcher(mesh.dispatcher)
})

afterAll(async () => {
  setGlobalDispatcher(before)
  await mesh.close()
  server.close()
})

describe.each([
  ['the platform’s fetch', (...args: Parameters<typeof fetch>): Promise<Response> => fetch(...args)],
  [
    'undici’s fetch',
    (...args: Parameters<typeof fetch>): Promise<Response> =>
      undiciFetch(...(args as Parameters<typeof undiciFetch>)) as unknown as Promise<Response>,
  ],
  ['mesh.fetch', (...args: Parameters<typeof fetch>): Promise<Response> => mesh.fetch(...args)],
])('%s', (_name, call) => {
  test('reaches the mesh with GET, POST of text and of a stream', async () => {
    expect(await (await call('http://svc/a?b=1')).text()).toBe('GET svc /a?b=1 ')
    expect(await (await call('http://svc/', { method: 'POST', body: 'text' })).text()).toBe('POST svc / text')
    const body = new Blob(['one ', 'two']).stream()
    expect(await (await call('http://svc/', { method: 'PUT', body, duplex: 'half' })).text()).toBe('PUT svc / one two')
  })

  test('keeps repeated headers apart and unpacks gzip', async () => {
    expect((await call('http://svc/cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await (await call('http://svc/gzip')).text()).toBe('unpacked')
  })

  test('follows redirects through the mesh again', async () => {
    const response = await call('http://svc/moved')
    expect(response.redirected).toBe(true)
    expect(await response.text()).toBe('GET other.svc /landed ')
  })

  test('streams events as they come', async () => {
    const response = await call('http://svc/events')
    expect(await response.text()).toBe('data: one\n\ndata: two\n\ndata: three\n\n')
  })

  test('carries 20 MB both ways under back-pressure', async () => {
    const response = await call('http://svc/big')
    expect((await response.arrayBuffer()).byteLength).toBe(big.length)
    const echoed = await (await call('http://svc/', { method: 'POST', body: big.subarray(0, 3_000_000) })).text()
    expect(echoed.length).toBe('POST svc / '.length + 3_000_000)
  })

  test('aborts with the caller’s reason', async () => {
    const controller = new AbortController()
    controller.abort(new Error('not now'))
    await expect(call('http://svc/', { signal: controller.signal })).rejects.toThrow('not now')
  })

  test('tells an application its own stream’s failure', async () => {
    const body = new ReadableStream({
      pull(stream): void {
        stream.error(new Error('the file is gone'))
      },
    })
    const failure: unknown = await call('http://svc/', { method: 'POST', body, duplex: 'half' }).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(Error)
    expect(String((failure as Error).cause ?? failure)).toContain('the file is gone')
  })
})

test('mesh.fetch takes the platform’s Request, FormData and Headers', async () => {
  const request = new Request('http://svc/r', { method: 'POST', body: 'given', headers: { 'x-a': '1' } })
  expect(await (await mesh.fetch(request)).text()).toBe('POST svc /r given')
  const form = new FormData()
  form.set('field', 'value')
  form.set('file', new Blob(['content']), 'name.txt')
  const text = await (await mesh.fetch('http://svc/form', { method: 'POST', body: form })).text()
  expect(text).toContain('name="field"')
  expect(text).toContain('filename="name.txt"')
  expect((await mesh.fetch('http://svc/', { headers: new Headers({ a: 'b' }) })).status).toBe(200)
})

// node:http through the mesh, by an agent: the calls are whole calls, and node:http's own ways stay.
import { once } from 'node:events'
import { createServer, request as plainRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RetryPolicy } from '@proxyless/core/spi'
import { afterAll, describe, expect, test } from 'vitest'
import { issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'
import { get } from './node-client.ts'

closeAfterEach()

const retry: RetryPolicy = {
  numRetries: 2,
  retryOn: ['5xx', 'connect-failure', 'reset'],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 2,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
}

function meshTo(authorities: readonly string[], more: Parameters<typeof forward>[1] = {}): Promise<TestMesh> {
  const c = cluster(
    'c',
    authorities.map((each) => endpoint(each)),
  )
  return mesh(config([host(['svc'], [route(forward('c', more))])], [c]))
}

async function server(listener: RequestListener): Promise<{ readonly authority: string; close(): Promise<void> }> {
  const listening = createServer(listener)
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return opened({
    authority: `127.0.0.1:${port}`,
    async close() {
      listening.closeAllConnections()
      await new Promise((resolve) => listening.close(resolve))
    },
  })
}

describe('a request by node:http', () => {
  test('is retried after a response, on another endpoint and with its body', async () => {
    const bad = await backend({ name: 'bad', handler: () => ({ status: 503 }) })
    const good = await backend({ name: 'good', handler: ({ body }) => ({ body: `got ${body.length}` }) })
    const m = await meshTo([bad.authority, good.authority], { retry })
    const body = 'x'.repeat(300_000)
    for (let calls = 0; calls < 4; calls++) {
      const answer = await get('http://svc/', { method: 'POST', agent: m.httpAgent }, body)
      expect([answer.status, answer.headers['x-backend'], answer.body]).toEqual([200, 'good', 'got 300000'])
    }
    expect(bad.requests.length).toBeGreaterThan(0)
    expect(bad.requests.every((request) => request.body === body)).toBe(true)
  })

  test('takes part in outlier ejection and in timeouts', async () => {
    const hanging = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await meshTo([hanging.authority], { timeoutMs: 30 })
    const answer = await get('http://svc/', { agent: m.httpAgent })
    expect([answer.status, answer.body]).toEqual([504, 'upstream request timeout'])
    expect(answer.headers['x-mesh-response-flags']).toBe('UT')
  })

  test('is sent with its own Host, path and headers, without those of its hop', async () => {
    const b = await backend()
    const m = await meshTo([b.authority])
    const headers = { 'X-Some': 'kept', 'Accept-Encoding': 'gzip', Connection: 'keep-alive', 'keep-alive': 'timeout=5' }
    await get('http://svc/a/b?c=d', { agent: m.httpAgent, headers })
    const [seen] = b.requests
    expect([seen?.method, seen?.url, seen?.header('host')]).toEqual(['GET', '/a/b?c=d', 'svc'])
    expect([seen?.header('x-some'), seen?.header('accept-encoding'), seen?.header('keep-alive')]).toEqual([
      'kept',
      'gzip',
      undefined,
    ])
  })

  test('gets repeated headers, the reason phrase, trailers and early hints as they were sent', async () => {
    const { authority } = await server((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.writeHead(201, 'Made So', [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Trailer',
        'x-sum',
        'X-Odd',
        '\u00e9',
      ])
      response.write('body')
      response.addTrailers({ 'x-sum': '42' })
      response.end()
    })
    const m = await meshTo([authority])
    const answer = await get('http://svc/', { agent: m.httpAgent })
    expect([answer.status, answer.statusText, answer.body]).toEqual([201, 'Made So', 'body'])
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(answer.headers['x-odd']).toBe((await get(`http://${authority}/`)).headers['x-odd'])
    expect(answer.trailers).toEqual({ 'x-sum': '42' })
    const request = plainRequest('http://svc/', { agent: m.httpAgent })
    const hints = once(request, 'information') as Promise<[{ readonly statusCode: number }]>
    request.once('response', (response: IncomingMessage) => response.resume())
    const closed = once(request, 'close')
    request.end()
    expect((await hints)[0].statusCode).toBe(103)
    await closed
  })

  test('HEAD, 204 and 304 have no body, and connections are used again', async () => {
    const b = await backend({
      handler: ({ url }) => ({ status: Number(url.slice(1)), body: url === '/200' ? 'body' : '' }),
    })
    const m = await meshTo([b.authority])
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
      ['GET', 200],
      ['DELETE', 200],
    ] as const) {
      const answer = await get(`http://svc/${status}`, { method, agent: m.httpAgent })
      expect([answer.status, answer.body]).toEqual([status, status === 200 && method !== 'HEAD' ? 'body' : ''])
    }
    expect(b.accepted).toBe(1)
    expect(Object.values(m.httpAgent.freeSockets).flat()).toHaveLength(1)
  })

  test('may wait for 100-continue', async () => {
    const b = await backend({ handler: ({ body }) => ({ body }) })
    const m = await meshTo([b.authority])
    const request = plainRequest('http://svc/', {
      method: 'PUT',
      agent: m.httpAgent,
      headers: { expect: '100-continue' },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('after')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    expect((await response.toArray()).join('')).toBe('after')
  })
})

const certificates = await issueCertificates(['svc'])

test.skipIf(certificates === undefined)('https by node:https is one TLS, as the mesh says', async () => {
  const tls = await certificates?.server()
  const b = await backend({
    protocol: 'https',
    handler: () => ({ body: 'secret' }),
    ...(tls === undefined ? {} : { tls }),
  })
  const upstream = { verify: true, caFile: certificates?.caFile ?? '', subjectAltNames: [] }
  const c = cluster('c', [endpoint(b.authority)], { tls: upstream })
  const m = await mesh(config([host(['svc'], [route(forward('c'))])], [c]))
  expect(await get('https://svc/', { agent: m.httpsAgent })).toMatchObject({ status: 200, body: 'secret' })
  expect(b.requests[0]?.header('host')).toBe('svc')
  using _installed = m.install()
  expect(await get('https://svc/')).toMatchObject({ status: 200, body: 'secret' })
  // whom it trusts, or who it is, is its own business
  await expect(get('https://svc/', { ca: 'none' } as object)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN|PEM/)
})

afterAll(() => certificates?.remove())

describe('streams', () => {
  test('20 MB both ways, held back by who reads slowly', async () => {
    const big = Buffer.alloc(20 * 1024 * 1024, 'x')
    let sent = 0
    const { authority } = await server((request, response) => {
      request.resume()
      request.once('end', () => {
        const more = (): void => {
          while (sent < big.length) {
            const chunk = big.subarray(sent, sent + 65_536)
            sent += chunk.length
            if (!response.write(chunk)) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      })
    })
    const m = await meshTo([authority])
    const request = plainRequest('http://svc/', { method: 'POST', agent: m.httpAgent })
    request.end(big)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    // nobody reads yet: the server gets no further than the buffers on the way
    let before = -1
    await until(() => {
      const still = sent === before
      before = sent
      return still && sent > 0
    })
    expect(sent).toBeLessThan(big.length)
    let received = 0
    for await (const chunk of response) received += (chunk as Buffer).length
    expect(received).toBe(big.length)
  })

  test('a response that breaks off is aborted for its reader', async () => {
    const b = await backend({ handler: () => ({ instead: 'half', body: 'some' }) })
    const m = await meshTo([b.authority])
    await expect(get('http://svc/', { agent: m.httpAgent })).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('who destroys its request ends the call', async () => {
    const b = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await meshTo([b.authority], { retry })
    const request = plainRequest('http://svc/', { agent: m.httpAgent })
    request.end()
    await until(() => b.requests.length === 1)
    request.destroy()
    await once(request, 'error')
    await until(() => b.connections === 0)
    expect(b.requests).toHaveLength(1)
  })

  test('a request’s own timeout fires while nothing comes', async () => {
    const b = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await meshTo([b.authority])
    const request = plainRequest('http://svc/', { agent: m.httpAgent, timeout: 20 })
    request.end()
    await once(request, 'timeout')
    request.destroy(new Error('too late'))
    await expect(once(request, 'response')).rejects.toThrow('too late')
  })
})

test('a failure of the mesh’s own is thrown where that is wished', async () => {
  const m = await mesh(config([host(['svc'], [])], []), { localReply: 'throw' })
  await expect(get('http://svc/', { agent: m.httpAgent })).rejects.toMatchObject({
    name: 'MeshError',
    code: 'NO_ROUTE',
  })
})

describe('an upgrade', () => {
  test('joins both sides', async () => {
    const { authority } = await server((_request, response) => void response.end('no upgrade'))
    const upgrading = createServer()
    upgrading.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
      socket.pipe(socket)
    })
    upgrading.listen(0, '127.0.0.1')
    await once(upgrading, 'listening')
    const { port } = upgrading.address() as AddressInfo
    const m = await meshTo([`127.0.0.1:${port}`])
    const headers = { connection: 'upgrade', upgrade: 'echo' }
    const request = plainRequest('http://svc/', { agent: m.httpAgent, headers })
    request.end()
    const [response, socket] = (await once(request, 'upgrade')) as [IncomingMessage, NodeJS.ReadWriteStream]
    expect([response.statusCode, response.headers.upgrade]).toEqual([101, 'echo'])
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
    socket.end()
    await once(socket, 'end')
    await new Promise((resolve) => upgrading.close(resolve))
    // and who refuses it is heard
    const refusing = await meshTo([authority])
    const answer = await get('http://svc/', { agent: refusing.httpAgent, headers })
    expect([answer.status, answer.body]).toEqual([200, 'no upgrade'])
  })
})

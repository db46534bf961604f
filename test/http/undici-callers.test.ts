// What undici's own callers expect of a dispatcher: interceptors, limits of their own, handlers that throw, turns of the event loop.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Dispatcher, interceptors, request } from 'undici'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { freePort } from '../kit/free-port.ts'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'
import { until } from '../kit/until.ts'
import type { TestMesh } from '../kit/mesh.ts'

closeAfterEach()

function meshTo(authority: string): Promise<TestMesh> {
  return mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', [endpoint(authority)])]))
}

describe('interceptors', () => {
  test('redirects are followed', async () => {
    const b = await backend({ handler: () => ({ body: 'there' }) })
    b.answerNext({ status: 302, headers: ['location', '/there'] })
    const m = await meshTo(b.authority)
    const dispatcher = m.dispatcher.compose(interceptors.redirect({ maxRedirections: 2 }))
    const { statusCode, body } = await request('http://svc/', { dispatcher })
    expect([statusCode, await body.text(), b.requests.map(({ url }) => url)]).toEqual([200, 'there', ['/', '/there']])
  })

  test('their retries come, and end', async () => {
    const b = await backend({ handler: () => ({ status: 503 }) })
    const m = await meshTo(b.authority)
    const retry = interceptors.retry({ maxRetries: 2, minTimeout: 1, maxTimeout: 1, statusCodes: [503] })
    await expect(request('http://svc/', { dispatcher: m.dispatcher.compose(retry) })).rejects.toMatchObject({
      code: 'UND_ERR_REQ_RETRY',
    })
    expect(b.requests).toHaveLength(3)
  })
})

test.each(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'] as const)(
  'what a handler throws in %s comes back to it',
  async (thrower) => {
    const b = await backend({ handler: () => ({ body: 'some' }) })
    const m = await meshTo(b.authority)
    const boom = new Error('boom')
    const error = await new Promise((resolve) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => undefined,
        onResponseError: (_controller, reason) => resolve(reason),
        [thrower]: () => {
          throw boom
        },
      }
      m.dispatcher.dispatch({ origin: 'http://svc', path: '/', method: 'GET' }, handler)
    })
    expect(error).toBe(boom)
  },
)

describe('a body that the application streams', () => {
  test('is pulled in the context of its call, whoever’s turn it is', async () => {
    const b = await backend({ handler: () => ({ body: 'some' }) })
    const m = await mesh(
      config(
        [host(['svc'], [route(forward('c'))])],
        [
          cluster('c', [endpoint(b.authority)], {
            circuitBreakers: { maxConnections: 1, maxPendingRequests: 2, maxRequests: Infinity, maxRetries: Infinity },
          }),
        ],
      ),
    )
    const of = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const call = (name: string): Promise<unknown> =>
      of.run(name, async () => {
        const body = async function* (): AsyncGenerator<string> {
          seen.push(`${name} in ${of.getStore()}`)
          yield 'a'
          await new Promise((resolve) => setImmediate(resolve))
          seen.push(`${name} in ${of.getStore()}`)
        }
        const options: Dispatcher.DispatchOptions = {
          origin: 'http://svc',
          path: '/',
          method: 'POST',
          body: body() as never,
        }
        await (await m.dispatcher.request(options)).body.dump()
      })
    await Promise.all([call('one'), call('two')])
    expect(seen.toSorted()).toEqual(['one in one', 'one in one', 'two in two', 'two in two'])
  })

  test('is ended when the mesh answers before it was read', async () => {
    const m = await meshTo(`127.0.0.1:${await freePort()}`)
    const body = createReadStream(fileURLToPath(import.meta.url))
    const answer = await request('http://svc/', { method: 'POST', body, dispatcher: m.dispatcher })
    expect(answer.statusCode).toBe(503)
    await answer.body.dump()
    await until(() => body.closed)
  })

  interface Course {
    begun: boolean
    ended: boolean
  }

  /** Goes on until it is ended. */
  async function* endless(course: Course): AsyncGenerator<string> {
    try {
      for (;;) {
        course.begun = true
        await new Promise((resolve) => setImmediate(resolve))
        yield 'more'
      }
    } finally {
      course.ended = true
    }
  }

  test('is ended when its call is given up', async () => {
    const b = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await meshTo(b.authority)
    const giveUp = new AbortController()
    const course = { begun: false, ended: false }
    const body = endless(course) as never
    const call = request('http://svc/', { method: 'POST', body, dispatcher: m.dispatcher, signal: giveUp.signal })
    await until(() => course.begun)
    giveUp.abort()
    await expect(call).rejects.toThrow('aborted')
    await until(() => course.ended)
  })

  test('is ended when the answer is whole before it is', async () => {
    const server = createServer((_asked, answer) => answer.writeHead(413).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const m = await meshTo(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    const course = { begun: false, ended: false }
    const body = endless(course) as never
    const answer = await request('http://svc/', { method: 'POST', body, dispatcher: m.dispatcher })
    expect(answer.statusCode).toBe(413)
    await answer.body.dump()
    await until(() => course.ended)
    server.close()
  })

  test('is left alone where it is what a server was sent: its answer goes back on the same connection', async () => {
    const m = await meshTo(`127.0.0.1:${await freePort()}`)
    const passOn = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
      const options = { method: 'POST', body: asked, dispatcher: m.dispatcher } as const
      const { statusCode, body } = await request('http://svc/', options)
      await body.dump()
      answer.writeHead(statusCode).end(String(asked.socket.remoteAddress))
    }
    const server = createServer((asked, answer) => void passOn(asked, answer))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const answer = await request(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'some', reset: true })
    expect([answer.statusCode, await answer.body.text()]).toEqual([503, '127.0.0.1'])
    server.close()
  })
})

test('who gives up after the end of the answer hears nothing more, as with undici', async () => {
  const b = await backend({ handler: () => ({ body: 'some' }) })
  const m = await meshTo(b.authority)
  const heard: string[] = []
  const giveUp = await new Promise<() => void>((resolve) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => heard.push('start'),
      onResponseStart: () => heard.push('head'),
      onResponseData: () => undefined,
      onResponseEnd: (controller) => {
        heard.push('end')
        resolve(() => controller.abort(new Error('too late')))
      },
      onResponseError: () => heard.push('error'),
    }
    m.dispatcher.dispatch({ origin: 'http://svc', path: '/', method: 'GET' }, handler)
  })
  giveUp()
  expect(heard).toEqual(['start', 'head', 'end'])
})

test('headersTimeout is the caller’s own limit: its error comes as undici’s, and nothing is retried', async () => {
  const b = await backend({ handler: () => new Promise(() => undefined) })
  const m = await meshTo(b.authority)
  await expect(request('http://svc/', { dispatcher: m.dispatcher, headersTimeout: 50 })).rejects.toMatchObject({
    code: 'UND_ERR_HEADERS_TIMEOUT',
  })
  expect(b.requests).toHaveLength(1)
})

test('a loop of calls that the mesh answers itself leaves the event loop to others', async () => {
  const m = await mesh(config([host(['svc'], [])], []))
  let turns = 0
  let looking = true
  const look = (): void => {
    turns++
    if (looking) setImmediate(look)
  }
  setImmediate(look)
  for (let calls = 0; calls < 20; calls++) expect((await m.fetch('http://svc/')).status).toBe(404)
  looking = false
  expect(turns).toBeGreaterThan(10)
})

test('what passes through goes where the URL points, whatever the Host header says', async () => {
  const b = await backend()
  const m = await mesh(config([], []))
  const { statusCode } = await request(`http://${b.authority}/`, {
    dispatcher: m.dispatcher,
    headers: { host: 'ingress.example' },
  })
  expect([statusCode, b.requests[0]?.header('host')]).toEqual([200, 'ingress.example'])
})

test('why no connection could be made stands in the details', async () => {
  const gone = await backend()
  await gone.close()
  const m = await meshTo(gone.authority)
  const response = await m.fetch('http://svc/')
  expect(response.headers.get('x-mesh-response-details')).toContain('remote_connection_failure|connect_ECONNREFUSED')
})

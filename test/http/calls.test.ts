// Calls through the HTTP door over real sockets: what arrives, what comes back, what is retried.
import { describe, expect, test } from 'vitest'
import { request } from 'undici'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'
import { until } from '../kit/until.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'

closeAfterEach()

const retryOn5xx = {
  numRetries: 2,
  retryOn: ['5xx'],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
} as const

describe('a meshed call', () => {
  test('reaches an endpoint with the logical host and the mesh headers', async () => {
    const b = await backend({ handler: () => ({ body: 'hello' }) })
    const m = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]))
    const response = await m.fetch('http://svc:9080/a?b=1', { headers: { 'X-One': '1' } })
    expect(await response.text()).toBe('hello')
    const [received] = b.requests
    expect(received?.url).toBe('/a?b=1')
    expect(received?.header('host')).toBe('svc:9080')
    expect(received?.header('x-one')).toBe('1')
    expect(received?.header('x-envoy-attempt-count')).toBe('1')
    expect(received?.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('sends a string, a stream and a form whole, twice where the first answer is retried (C095)', async () => {
    for (const make of [
      (): string | URLSearchParams | ReadableStream => 'text body',
      (): string | URLSearchParams | ReadableStream => new Blob(['part one, ', 'part two']).stream(),
      (): string | URLSearchParams | ReadableStream => new URLSearchParams({ a: '1', b: 'two words' }),
    ]) {
      const b = await backend()
      b.answerNext({ status: 503 })
      const m = await mesh(
        config([host(['svc'], [route(forward('c', { retry: retryOn5xx }))])], [cluster('c', [endpoint(b.authority)])]),
      )
      const response = await m.fetch('http://svc/', { method: 'POST', body: make(), duplex: 'half' })
      expect(response.status).toBe(200)
      expect(b.requests).toHaveLength(2)
      expect(b.requests[0]?.body).not.toBe('')
      expect(b.requests[1]?.body).toBe(b.requests[0]?.body)
      expect(b.requests[1]?.header('x-envoy-attempt-count')).toBe('2')
    }
  })

  test('goes to another host when the first cannot be reached', async () => {
    const b = await backend()
    const gone = await backend()
    await gone.close()
    const m = await mesh(
      config(
        [host(['svc'], [route(forward('c', { retry: { ...retryOn5xx, retryOn: ['connect-failure'] } }))])],
        [cluster('c', [endpoint(gone.authority), endpoint(b.authority)])],
      ),
    )
    for (let i = 0; i < 6; i++) expect((await m.fetch('http://svc/')).status).toBe(200)
  })

  test('answers locally with 503 UF when nothing can be reached', async () => {
    const gone = await backend()
    await gone.close()
    const m = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', [endpoint(gone.authority)])]))
    const response = await m.fetch('http://svc/')
    expect(response.status).toBe(503)
    expect(response.headers.get('x-mesh-response-flags')).toBe('UF')
    expect(await response.text()).toBe(
      'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure',
    )
  })

  test('passes repeated response headers, binary bodies and trailers of undici.request', async () => {
    const b = await backend({ handler: () => ({ headers: ['set-cookie', 'a=1', 'set-cookie', 'b=2'], body: 'x' }) })
    const m = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]))
    const response = await m.fetch('http://svc/')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const low = await request('http://svc/', { dispatcher: m.dispatcher })
    expect(low.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(await low.body.text()).toBe('x')
  })

  test('ends after the route timeout with 504 UT, and with a broken body once the head was passed', async () => {
    const b = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await mesh(
      config([host(['svc'], [route(forward('c', { timeoutMs: 30 }))])], [cluster('c', [endpoint(b.authority)])]),
    )
    const response = await m.fetch('http://svc/')
    expect(response.status).toBe(504)
    expect(await response.text()).toBe('upstream request timeout')
    expect(response.headers.get('x-mesh-response-flags')).toBe('UT')
  })

  test('keeps a slot per connection: maxConnections 1 and one pending, the third overflows (C097)', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const b = await backend({ handler: () => ({ after: held }) })
    const limits = { maxConnections: 1, maxPendingRequests: 1, maxRequests: Infinity, maxRetries: Infinity }
    const m = await mesh(
      config(
        [host(['svc'], [route(forward('c', { retry: retryOn5xx }))])],
        [cluster('c', [endpoint(b.authority)], { circuitBreakers: limits })],
      ),
    )
    const first = m.fetch('http://svc/1')
    await until(() => b.requests.length === 1)
    const second = m.fetch('http://svc/2')
    const third = await m.fetch('http://svc/3')
    expect(third.status).toBe(503)
    expect(third.headers.get('x-envoy-overloaded')).toBe('true')
    expect(third.headers.get('x-mesh-response-flags')).toBe('UO')
    release()
    expect((await first).status).toBe(200)
    expect((await second).status).toBe(200)
    expect(b.accepted).toBe(1)
  })

  test('stops when the caller aborts, and tells the caller its own reason', async () => {
    const b = await backend({ handler: () => ({ instead: 'hang' }) })
    const m = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]))
    const controller = new AbortController()
    const call = m.fetch('http://svc/', { signal: controller.signal })
    await until(() => b.requests.length === 1)
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    expect(m.status().clusters.find((c) => c.name === 'c')?.limits.requests.now).toBe(0)
  })

  test('copies requests to a mirror with the same body and Host', async () => {
    const b = await backend()
    const copy = await backend({ handler: () => ({ status: 500 }) })
    const mirrors = [{ cluster: 'm', percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
    const m = await mesh(
      config(
        [host(['svc'], [route(forward('c', { mirrors }))])],
        [cluster('c', [endpoint(b.authority)]), cluster('m', [endpoint(copy.authority)])],
      ),
    )
    expect((await m.fetch('http://svc/x', { method: 'POST', body: 'text' })).status).toBe(200)
    await until(() => copy.requests.length === 1)
    expect(copy.requests[0]?.body).toBe('text')
    expect(copy.requests[0]?.header('host')).toBe('svc')
  })

  test('passes unknown hosts through to their own address', async () => {
    const b = await backend({ handler: () => ({ status: 503, body: 'own' }) })
    const m = await mesh(config([], []))
    const response = await m.fetch(`${b.url}/p`)
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('own')
    expect(b.requests).toHaveLength(1)
  })
})

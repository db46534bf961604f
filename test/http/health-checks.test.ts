// Active health checks over real sockets: what is asked, what answers mean, and that nothing is left behind; SEMANTICS 9.
// Time is virtual: the next check comes when a test says so.
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { type Cluster, type HealthCheck, VirtualClock } from '@proxyless/core/spi'
import type { Answer, Received } from '../kit/backend.ts'
import { issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startFaultProxy } from '../kit/fault-proxy.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const files = await issueCertificates()
afterAll(() => files?.remove())
const server = await files?.server()

const timing = { timeoutMs: 1_000, intervalMs: 5_000, unhealthyThreshold: 2, healthyThreshold: 2 }
const check = (more: object = {}): HealthCheck => ({ kind: 'http', path: '/healthz', ...timing, ...more })
const healthz = (answer: () => Answer) => (request: Received) =>
  request.url === '/healthz' ? answer() : { body: 'hi' }

async function world(endpoints: readonly string[], healthCheck: HealthCheck, more: Partial<Cluster> = {}) {
  const clock = new VirtualClock()
  const changes: string[] = []
  const observer = {
    endpointHealthChanged: (event: { healthy: boolean; reason: string }) =>
      void changes.push(`${event.healthy ? 'healthy' : 'unhealthy'}: ${event.reason}`),
  }
  const c = cluster(
    'c',
    endpoints.map((authority) => endpoint(authority)),
    { healthCheck, ...more },
  )
  const m = await mesh(config([host(['svc'], [route(forward('c'))])], [c]), { clock, observer })
  return { clock, m, changes }
}

const endpoints = (m: TestMesh) => m.status().clusters.find(({ name }) => name === 'c')?.endpoints ?? []
const states = (m: TestMesh): (string | null)[] => endpoints(m).map(({ healthCheck }) => healthCheck)

describe('HTTP', () => {
  test('the first call waits for the first round and goes where it was passed', async () => {
    const good = await backend({ handler: healthz(() => ({})) })
    const bad = await backend({ handler: healthz(() => ({ status: 503 })) })
    const { m } = await world([bad.authority, good.authority], check())
    for (let n = 0; n < 4; n++) expect(await (await m.fetch('http://svc/')).text()).toBe('hi')
    expect(bad.requests.map(({ url }) => url)).toEqual(['/healthz'])
    expect(endpoints(m).map(({ excluded }) => excluded)).toEqual(['failed its health check: status 503', null])
    expect(m.explain({ url: 'http://svc/' }).toString()).toContain('failed its health check: status 503')
  })

  test('asks by GET, with the name of the cluster or the one that is given, and with headers', async () => {
    const b = await backend()
    const { m } = await world([b.authority], check())
    await m.fetch('http://svc/')
    expect([b.requests[0]?.method, b.requests[0]?.header('host')]).toEqual(['GET', 'c'])
    expect(b.requests[0]?.header('user-agent')).toBe('Envoy/HC')
    const other = await backend()
    const named = check({ method: 'POST', host: 'svc.example', headers: [{ name: 'x-check', value: '1' }] })
    await (await world([other.authority], named)).m.fetch('http://svc/')
    const [asked] = other.requests
    expect([asked?.method, asked?.header('host'), asked?.header('x-check')]).toEqual(['POST', 'svc.example', '1'])
  })

  test('keeps its connection for the next check, unless it shall not; limits do not count it', async () => {
    for (const [reuseConnection, connections] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const b = await backend({ handler: healthz(() => ({})) })
      const { m, clock } = await world([b.authority], check({ reuseConnection, noTrafficIntervalMs: 5_000 }))
      m.explain({ url: 'http://svc/' })
      await until(() => states(m)[0] === 'passing')
      clock.advance(5_000)
      await until(() => b.requests.length === 2)
      expect([b.accepted, endpoints(m)[0]?.connections]).toEqual([connections, 0])
    }
  })

  test.each<[string, Answer, object, string]>([
    ['200', {}, {}, 'passing'],
    ['204 where only 200 is expected', { status: 204 }, {}, 'failing'],
    ['204 where it is expected', { status: 204 }, { expectedStatuses: [{ from: 200, to: 300 }] }, 'passing'],
    ['x-envoy-degraded', { headers: ['x-envoy-degraded', 'true'] }, {}, 'degraded'],
    ['its name', { headers: ['x-envoy-upstream-healthchecked-cluster', 'svc-a'] }, named('svc'), 'passing'],
    ['another name', { headers: ['x-envoy-upstream-healthchecked-cluster', 'other'] }, named('svc'), 'failing'],
    ['a closed connection', { instead: 'close' }, {}, 'failing'],
    ['half a body', { instead: 'half', body: 'x' }, {}, 'failing'],
  ])('%s', async (_, answer, more, state) => {
    const b = await backend({ handler: () => answer })
    const { m } = await world([b.authority], check(more))
    m.explain({ url: 'http://svc/' })
    await until(() => states(m)[0] !== 'pending')
    expect(states(m)).toEqual([state])
  })

  test('an unexpected status fails at once, a retriable one and a broken connection after the threshold', async () => {
    const answers: Answer[] = []
    const b = await backend({ handler: healthz(() => answers.shift() ?? {}) })
    const retriable = check({ retriableStatuses: [{ from: 503, to: 504 }], noTrafficIntervalMs: 5_000 })
    const { m, clock } = await world([b.authority], retriable)
    await (await m.fetch('http://svc/')).text()
    const next = async (answer: Answer): Promise<string | null | undefined> => {
      answers.push(answer)
      const before = clock.pendingTimers
      const asked = b.requests.length
      clock.advance(5_000)
      await until(() => b.requests.length > asked && clock.pendingTimers === before)
      // the answer is read in a later turn than it is sent
      for (let turn = 0; turn < 20; turn++) await anEvent()
      return states(m)[0]
    }
    expect(await next({ status: 503 })).toBe('passing')
    expect(await next({ instead: 'close' })).toBe('failing')
    expect([await next({}), await next({})]).toEqual(['failing', 'passing'])
    expect(await next({ status: 500 })).toBe('failing')
  })

  test('an answer to a call that says x-envoy-immediate-health-check-fail takes the endpoint out', async () => {
    const headers = ['x-envoy-immediate-health-check-fail', 'true']
    const a = await backend({ name: 'a', handler: ({ url }) => (url === '/healthz' ? {} : { headers }) })
    const b = await backend({ name: 'b' })
    const { m, changes } = await world([a.authority, b.authority], check())
    const servers: (string | null)[] = []
    for (let n = 0; n < 6; n++) servers.push((await m.fetch('http://svc/')).headers.get('x-backend'))
    expect(servers.filter((name) => name === 'a')).toHaveLength(1)
    expect(changes).toEqual(['unhealthy: it asked for no more calls'])
  })

  test('one that does not answer fails by the mesh’s clock', async () => {
    const b = await backend()
    const proxy = opened(await startFaultProxy(b, { at: 'answer', by: 'stall' }))
    const { m, clock } = await world([proxy.authority], check())
    const call = m.fetch('http://svc/')
    await until(() => proxy.requests === 1)
    clock.advance(1_000)
    expect((await call).headers.get('x-mesh-response-flags')).toBe('UH')
    await until(() => proxy.connections === 0)
  })

  test('goes to the port for checks, and not to endpoints that are not to be checked', async () => {
    const b = await backend()
    const admin = await backend({ handler: () => ({ status: 500 }) })
    const { m } = await world([], check(), {
      discovery: {
        kind: 'static',
        endpoints: [
          endpoint(b.authority, { healthCheck: { port: admin.port, hostname: 'admin' } }),
          endpoint(admin.authority, { healthCheck: { disabled: true } }),
        ],
      },
    })
    expect((await m.fetch('http://svc/')).status).toBe(500)
    expect(admin.requests.map(({ url }) => url)).toEqual(['/healthz', '/'])
    expect(admin.requests[0]?.header('host')).toBe('admin')
    expect(states(m)).toEqual(['failing', null])
  })

  test.runIf(files !== undefined)('is secured as the calls of its cluster are', async () => {
    const b = await backend({ protocol: 'https', ...(server === undefined ? {} : { tls: server }) })
    const tls = { serverName: 'svc', subjectAltNames: [], verify: true, ...(files && { caFile: files.caFile }) }
    const { m } = await world([b.authority], check(), { tls })
    expect((await m.fetch('http://svc/')).status).toBe(200)
    expect(b.requests.map(({ url }) => url)).toEqual(['/healthz', '/'])
  })

  test('speaks HTTP/2 where that is said', async () => {
    const b = await backend({ protocol: 'http2' })
    const { m } = await world([b.authority], check({ protocol: 'http2' }), { protocol: 'http2' })
    expect((await m.fetch('http://svc/')).status).toBe(200)
    expect(b.requests.map(({ url }) => url)).toEqual(['/healthz', '/'])
  })
})

describe('TCP', () => {
  const tcp = (more: object = {}): HealthCheck => ({ kind: 'tcp', ...timing, ...more })

  test('a connection is enough', async () => {
    const b = await backend()
    const gone = await backend()
    await gone.close()
    const { m } = await world([b.authority, gone.authority], tcp())
    for (let n = 0; n < 4; n++) expect((await m.fetch('http://svc/')).status).toBe(200)
    expect(states(m)).toEqual(['passing', 'failing'])
  })

  test.each([
    [['PO', 'NG'], 'passing'],
    [['PI'], 'failing'],
  ])('an answer that holds %j is %s', async (parts, state) => {
    const echo = createServer((socket) => socket.on('data', () => socket.end('xPOxNGx')))
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    opened({ close: () => new Promise<void>((resolve) => echo.close(() => resolve())) })
    const { port } = echo.address() as AddressInfo
    const receive = parts.map((part) => Buffer.from(part))
    const { m } = await world([`127.0.0.1:${port}`], tcp({ send: Buffer.from('PING'), receive }))
    m.explain({ url: 'http://svc/' })
    await until(() => states(m)[0] !== 'pending')
    expect(states(m)).toEqual([state])
  })
})

test('after close there is no timer and no connection', async () => {
  const b = await backend()
  const stalled = opened(await startFaultProxy(b, { at: 'answer', by: 'stall' }))
  const { m, clock } = await world([b.authority, stalled.authority], check())
  const call = m.fetch('http://svc/')
  // the proxy too asks it
  await until(() => b.requests.length === 2 && stalled.requests === 1)
  await m.close()
  expect((await call).status).toBe(503)
  expect(clock.pendingTimers).toBe(0)
  await until(() => b.connections === 0 && stalled.connections === 0)
})

function named(value: string): object {
  return { serviceName: { kind: 'prefix', value } }
}

function anEvent(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

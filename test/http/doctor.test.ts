// mesh.doctor: what it says of this process.
import { once } from 'node:events'
import { Agent as PlainAgent } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import type { RetryPolicy } from '@proxyless/core/spi'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { get } from './node-client.ts'

closeAfterEach()
afterEach(() => vi.unstubAllEnvs())

const retry: RetryPolicy = {
  numRetries: 2,
  retryOn: ['5xx'],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 2,
  avoidPreviousHosts: false,
  retryOtherPriorities: false,
}

async function world(
  options = {},
  headers: readonly string[] = [],
): Promise<{ m: TestMesh; outside: string; calls: () => number }> {
  const inside = await backend({ handler: () => ({ status: 503, headers }) })
  const outside = await backend()
  const c = cluster('c', [endpoint(inside.authority)])
  const m = await mesh(config([host(['svc'], [route(forward('c', { retry }))])], [c]), options)
  return { m, outside: outside.url, calls: () => inside.requests.length }
}

describe('clients', () => {
  test('are not meshed before the mesh is installed', async () => {
    const { m } = await world()
    const { clients, slots } = await m.doctor()
    expect(clients.map(({ client, meshed }) => [client, meshed])).toEqual([
      ['fetch', false],
      ['http', false],
      ['grpc', false],
    ])
    expect(clients[0]?.reason).toContain('mesh.install()')
    expect(Object.values(slots)).not.toContain('mesh')
  })

  test('are meshed after it, with their calls, those to unknown hosts, and those that went past by reason', async () => {
    const { m, outside } = await world()
    using _installed = m.install()
    await fetch('http://svc/')
    await fetch(outside)
    await get('http://svc/')
    class Proxying extends PlainAgent {}
    await get('http://svc/', { agent: new Proxying() }).catch(() => undefined)
    const diagnosis = await m.doctor()
    expect(diagnosis.slots).toEqual({ 'undici.globalDispatcher.1': 'mesh', 'undici.globalDispatcher.2': 'mesh' })
    expect(diagnosis.clients).toMatchObject([
      { client: 'fetch', meshed: true, calls: 1, unknownHosts: 1, bypassed: {} },
      { client: 'http', meshed: true, calls: 1, bypassed: { 'an agent of its own class (Proxying)': 1 } },
      { client: 'grpc', meshed: false, reason: 'it was left out when the mesh was installed' },
    ])
    expect(String(diagnosis)).toContain('1 past the mesh: an agent of its own class (Proxying)')
  })

  test('lose what somebody else takes later, who is named', async () => {
    const { m } = await world()
    const before = getGlobalDispatcher()
    const addRequest: unknown = Reflect.get(PlainAgent.prototype, 'addRequest')
    using _installed = m.install()
    const ours: unknown = Reflect.get(PlainAgent.prototype, 'addRequest')
    const later = new Agent()
    setGlobalDispatcher(later)
    Object.assign(PlainAgent.prototype, { addRequest })
    const { clients } = await m.doctor()
    expect(clients[0]).toMatchObject({ meshed: false, reason: 'undici.globalDispatcher.1 is held by Agent' })
    expect(clients[1]).toMatchObject({
      meshed: false,
      reason: expect.stringContaining('patched by somebody else') as string,
    })
    Object.assign(PlainAgent.prototype, { addRequest: ours })
    const fetched = globalThis.fetch
    globalThis.fetch = (...given: Parameters<typeof fetch>) => fetched(...given)
    expect((await m.doctor()).clients[0]?.reason).toBe('the global fetch was replaced by another one')
    globalThis.fetch = fetched
    setGlobalDispatcher(before)
    await later.close()
  })

  test('of a mesh beside another one are told so', async () => {
    const [{ m }, { m: other }] = [await world(), await world()]
    using _installed = m.install()
    expect((await other.doctor()).clients[0]?.reason).toBe('another mesh is installed in this process')
  })
})

describe('a sidecar in front', () => {
  async function withSidecar(): Promise<string> {
    const server = createServer((socket) => void socket.destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    opened({ close: () => new Promise<void>((resolve) => void server.close(() => resolve())) })
    const { port } = server.address() as AddressInfo
    vi.stubEnv('PROXYLESS_SIDECAR_PORT', String(port))
    return `127.0.0.1:${port} is open`
  }

  test('is found; the mesh leaves retries to it and says so once', async () => {
    const sign = await withSidecar()
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { m, calls } = await world()
    const { m: second } = await world()
    expect((await m.fetch('http://svc/')).status).toBe(503)
    expect(calls()).toBe(1)
    const diagnosis = await second.doctor()
    expect(diagnosis.retries).toBe(false)
    expect(String(diagnosis)).toContain('in front of this process; retries are left to it')
    expect(diagnosis.sidecar.signs.join()).toContain(sign)
    expect(String(m.explain('http://svc/'))).toContain('left to the sidecar in front of this process')
    expect(warned.mock.calls.map(([text]) => String(text).includes(sign))).toEqual([true])
    warned.mockRestore()
  })

  test('may be retried under all the same', async () => {
    await withSidecar()
    const { m, calls } = await world({ doubleRetries: true })
    await m.fetch('http://svc/')
    expect(calls()).toBe(3)
    expect(String(await m.doctor())).toContain('in front of this process\n')
  })

  test('shows in the heads of responses', async () => {
    const { m } = await world({}, ['server', 'envoy'])
    await m.fetch('http://svc/')
    const { sidecar, retries } = await m.doctor()
    expect(sidecar.signs).toContain('responses say `server: envoy`, as those through a sidecar or a gateway do')
    expect([sidecar.found, retries]).toEqual([false, true])
  })
})

// mesh.install: what becomes of clients that know of no mesh, and how they are given back.
import { Agent as PlainAgent, globalAgent } from 'node:http'
import { Agent, getGlobalDispatcher, MockAgent, request, setGlobalDispatcher } from 'undici'
import { createMesh, feed } from 'proxyless'
import { describe, expect, test, vi } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'
import { get } from './node-client.ts'

closeAfterEach()

const slots = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name))
const held = globalThis as unknown as Record<symbol, unknown>

interface World {
  readonly m: TestMesh
  readonly outside: string
  /** The hosts of the calls that the mesh has led. */
  readonly led: string[]
}

async function world(): Promise<World> {
  const inside = await backend({ name: 'inside' })
  const outside = await backend({ name: 'outside' })
  const c = cluster('c', [endpoint(inside.authority)])
  const led: string[] = []
  const observer = { callEnded: ({ authority }: { readonly authority: string }): void => void led.push(authority) }
  const m = await mesh(config([host(['svc'], [route(forward('c'))])], [c]), { observer })
  return { m, outside: outside.url, led }
}

describe('an installed mesh', () => {
  test('leads fetch, undici and node:http to the hosts it knows, without a change to them', async () => {
    const { m } = await world()
    using _installed = m.install()
    expect((await fetch('http://svc/')).headers.get('x-backend')).toBe('inside')
    expect((await request('http://svc/')).headers['x-backend']).toBe('inside')
    expect((await get('http://svc/')).headers['x-backend']).toBe('inside')
    expect((await get('http://svc/', { agent: new PlainAgent() })).headers['x-backend']).toBe('inside')
    expect((await get('http://svc/', { agent: false })).headers['x-backend']).toBe('inside')
  })

  test('leaves alone what goes to hosts that it does not know', async () => {
    const { m, outside, led } = await world()
    using _installed = m.install()
    const response = await fetch(outside)
    expect(response.headers.get('x-backend')).toBe('outside')
    expect((await get(outside)).headers['x-backend']).toBe('outside')
    expect(led).toEqual([])
  })

  test('blocks unknown hosts where the configuration says so', async () => {
    const { m, outside } = await world()
    const origin = { resource: 'test', path: '' }
    await m.apply(config([], [], { unknownHosts: { kind: 'block', origin } }))
    using _installed = m.install()
    expect((await fetch(outside)).status).toBe(502)
    expect((await get(outside)).status).toBe(502)
  })

  test('takes only what it is told to', async () => {
    const { m } = await world()
    {
      using _installed = m.install({ http: false })
      expect((await fetch('http://svc/')).status).toBe(200)
      await expect(get('http://svc/')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    }
    using _again = m.install({ fetch: false })
    expect((await get('http://svc/')).status).toBe(200)
    await expect(fetch('http://svc/')).rejects.toThrow('fetch failed')
  })
})

describe('giving back', () => {
  test('restores both slots and the agents, once', async () => {
    const { m } = await world()
    const before = slots.map((slot) => held[slot])
    const addRequest: unknown = Reflect.get(PlainAgent.prototype, 'addRequest')
    const agent = globalAgent
    const installed = m.install()
    expect(slots.map((slot) => held[slot] === before[slots.indexOf(slot)])).toEqual([false, false])
    expect(Reflect.get(PlainAgent.prototype, 'addRequest')).not.toBe(addRequest)
    installed[Symbol.dispose]()
    installed[Symbol.dispose]()
    expect(slots.filter((slot) => held[slot] === undefined)).toEqual([])
    for (const [index, slot] of slots.entries()) if (before[index] !== undefined) expect(held[slot]).toBe(before[index])
    expect(Reflect.get(PlainAgent.prototype, 'addRequest')).toBe(addRequest)
    expect(globalAgent).toBe(agent)
    await expect(fetch('http://svc/')).rejects.toThrow('fetch failed')
  })

  test('happens when the mesh closes', async () => {
    const { m, outside } = await world()
    m.install()
    await m.close()
    expect((await fetch(outside)).status).toBe(200)
    await expect(fetch('http://svc/')).rejects.toThrow('fetch failed')
    await expect(get('http://svc/')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
  })

  test('leaves alone who has taken a slot or the method meanwhile', async () => {
    const { m, outside } = await world()
    const dispatcher = getGlobalDispatcher()
    const addRequest: unknown = Reflect.get(PlainAgent.prototype, 'addRequest')
    const installed = m.install()
    const later = new Agent()
    setGlobalDispatcher(later)
    const ours = Reflect.get(PlainAgent.prototype, 'addRequest') as (...args: unknown[]) => void
    const theirs = function (this: unknown, ...args: unknown[]): void {
      ours.apply(this, args)
    }
    Object.assign(PlainAgent.prototype, { addRequest: theirs })
    installed[Symbol.dispose]()
    expect(getGlobalDispatcher()).toBe(later)
    expect(Reflect.get(PlainAgent.prototype, 'addRequest')).toBe(theirs)
    expect((await get(outside)).status).toBe(200)
    await expect(get('http://svc/')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    Object.assign(PlainAgent.prototype, { addRequest })
    setGlobalDispatcher(dispatcher)
    await later.close()
  })
})

describe('only once', () => {
  test('a second time is the first', async () => {
    const { m } = await world()
    using first = m.install()
    expect(m.install()).toBe(first)
  })

  test('another mesh, of this copy of the package or of another one, is refused with a warning', async () => {
    const { m } = await world()
    const { m: other } = await world()
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const first = m.install()
    const taken = held[slots[0] ?? Symbol()]
    const second = other.install()
    expect(warned.mock.calls).toHaveLength(1)
    expect(String(warned.mock.calls[0]?.[0])).toContain('another mesh is installed')
    second[Symbol.dispose]()
    expect(held[slots[0] ?? Symbol()]).toBe(taken)
    first[Symbol.dispose]()
    using third = other.install()
    expect(warned.mock.calls).toHaveLength(1)
    expect(third).not.toBe(second)
    warned.mockRestore()
  })
})

describe('left alone by node:http', () => {
  test('agents of a class of their own, Unix sockets, agents that are marked, and what brings its own connection', async () => {
    const { m } = await world()
    using _installed = m.install()
    class Own extends PlainAgent {}
    await expect(get('http://svc/', { agent: new Own() })).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    const marked = Object.assign(new PlainAgent(), { [Symbol.for('proxyless.unmeshed')]: true })
    await expect(get('http://svc/', { agent: marked })).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    const options = { [Symbol.for('proxyless.unmeshed')]: true }
    await expect(get('http://svc/', options)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    await expect(get('http://svc/', { socketPath: '/nowhere.sock' })).rejects.toThrow('ENOENT')
  })

  test('the mesh’s own agents are not led twice', async () => {
    const { m } = await world()
    using _installed = m.install()
    const { headers } = await get('http://svc/', { agent: m.httpAgent })
    expect(headers['x-backend']).toBe('inside')
  })
})

test('a mock agent keeps its slots: a test that mocks requests gets its mock', async () => {
  const { m } = await world()
  const before = getGlobalDispatcher()
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock.get('http://svc').intercept({ path: '/' }).reply(418, 'mocked')
  setGlobalDispatcher(mock)
  using _installed = m.install()
  expect((await fetch('http://svc/')).status).toBe(418)
  setGlobalDispatcher(before)
})

test('observing, requests go as they did before, and each kind of decision is told once', async () => {
  const outside = await backend({ name: 'outside' })
  const inside = await backend({ name: 'inside' })
  const routes = [route(forward('c'), {}, 'to-c')]
  const m = await mesh(
    config([host(['127.0.0.1'], routes, outside.port)], [cluster('c', [endpoint(inside.authority)])]),
  )
  const told: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0)
  {
    using _installed = m.install({ mode: 'observe' })
    for (let calls = 0; calls < 3; calls++) {
      expect((await fetch(outside.url)).headers.get('x-backend')).toBe('outside')
      expect((await get(outside.url)).headers['x-backend']).toBe('outside')
    }
  }
  write.mockRestore()
  expect(told).toHaveLength(1)
  expect(told[0]).toContain(`proxyless observes: GET ${outside.url} would go to c`)
  expect(inside.requests).toHaveLength(0)
})

test('what a feed asks for its own configuration goes past the mesh that it configures', async () => {
  const server = await backend({ handler: () => ({ headers: ['content-type', 'application/yaml'], body: '' }) })
  const m = opened(
    await createMesh({
      config: feed({ url: `${server.url}/mesh.yaml`, pollMs: 100 }),
      meshConfig: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
    }),
  )
  using _installed = m.install()
  expect((await get(server.url)).status).toBe(502)
  const before = server.requests.length
  await until(() => server.requests.length > before)
  expect(server.requests.filter(({ url }) => !url.startsWith('/mesh.yaml'))).toEqual([])
})

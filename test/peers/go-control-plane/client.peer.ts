// Our client on a real control plane (go-control-plane): both variants, update, refusal, restart and outage with calls going on.
import { createMesh, type Mesh, xds, type XdsOptions } from 'proxyless'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startBackend, type Backend } from '../../kit/backend.ts'
import { ControlPlane, controlPlaneBinary, type Snapshot } from './server.ts'

let binary: string | undefined
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  binary = await controlPlaneBinary()
}, 600_000)

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const node = 'peer-node'
const ads = { ads: {}, resource_api_version: 'V3' }
const any = (type: string, value: object): object => ({ '@type': `type.googleapis.com/${type}`, ...value })
const router = { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }

function world(
  version: string,
  ports: Readonly<Record<string, number>>,
  to: string,
  more: Partial<Snapshot> = {},
): Snapshot {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'x',
    rds: { route_config_name: 'routes', config_source: ads },
    http_filters: [router],
  })
  return {
    version,
    listeners: [{ name: 'reviews:80', api_listener: { api_listener: manager } }],
    routes: [
      {
        name: 'routes',
        virtual_hosts: [
          { name: 'reviews', domains: ['reviews'], routes: [{ match: { prefix: '/' }, route: { cluster: to } }] },
        ],
      },
    ],
    clusters: Object.keys(ports).map((name) => clusterNamed(name)),
    endpoints: Object.entries(ports).map(([cluster_name, port_value]) => ({
      cluster_name,
      endpoints: [
        {
          locality: { zone: 'z' },
          load_balancing_weight: 1,
          lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } } }],
        },
      ],
    })),
    ...more,
  }
}

/** The same, with the listener on a socket and the connection manager in its filter chain. */
function sidecarWorld(version: string, ports: Readonly<Record<string, number>>, to: string): Snapshot {
  const { listeners, ...rest } = world(version, ports, to)
  const [api] = listeners as readonly { api_listener: { api_listener: object } }[]
  const filter = { name: 'http', typed_config: api?.api_listener.api_listener }
  const address = { socket_address: { address: '0.0.0.0', port_value: 80 } }
  const listener = {
    name: '0.0.0.0_80',
    address,
    traffic_direction: 'OUTBOUND',
    filter_chains: [{ filters: [filter] }],
  }
  return { ...rest, listeners: [listener] }
}

function clusterNamed(name: string, more: object = {}): object {
  return { name, type: 'EDS', eds_cluster_config: { eds_config: ads }, ...more }
}

async function controlPlane(port = 0): Promise<ControlPlane> {
  const started = await ControlPlane.start(binary!, port)
  closing.push(() => started.stop())
  return started
}

async function backend(name: string): Promise<Backend> {
  const made = await startBackend({ name })
  closing.push(() => made.close())
  return made
}

async function meshOn(port: number, options: XdsOptions): Promise<Mesh> {
  const mesh = await createMesh({
    config: xds({ server: `127.0.0.1:${port}`, node: { id: node }, hosts: ['reviews:80'], ...options }),
  })
  closing.push(() => mesh.close())
  return mesh
}

async function answers(mesh: Mesh): Promise<string> {
  const response = await mesh.fetch('http://reviews/')
  await response.arrayBuffer()
  return `${response.status} ${response.headers.get('x-backend') ?? ''}`
}

const soon = { timeout: 20_000, interval: 20 }

describe.each<'sotw' | 'delta'>(['sotw', 'delta'])('over %s', (protocol) => {
  test('T1 T5 calls follow the snapshot and its update, and nothing is refused', async (context) => {
    if (binary === undefined) return context.skip()
    const plane = await controlPlane()
    const [one, two] = [await backend('one'), await backend('two')]
    await plane.serve(node, world('1', { a: one.port }, 'a'))
    const mesh = await meshOn(plane.port, { protocol })
    expect(await answers(mesh)).toBe('200 one')
    await plane.serve(node, world('2', { a: one.port, b: two.port }, 'b'))
    await vi.waitFor(async () => expect(await answers(mesh)).toBe('200 two'), soon)
    const stats = await plane.stats()
    expect(stats.nacks).toEqual({})
    expect(Object.keys(stats.acks)).toHaveLength(4)
    expect(stats.streams).toBe(1)
  })

  test('T7 T8 as a sidecar: all listeners and clusters, what is added and what is gone', async (context) => {
    if (binary === undefined) return context.skip()
    const plane = await controlPlane()
    const [one, two] = [await backend('one'), await backend('two')]
    await plane.serve(node, sidecarWorld('1', { a: one.port }, 'a'))
    const mesh = await createMesh({ config: xds({ server: `127.0.0.1:${plane.port}`, node: { id: node }, protocol }) })
    closing.push(() => mesh.close())
    expect(await answers(mesh)).toBe('200 one')
    await plane.serve(node, sidecarWorld('2', { a: one.port, b: two.port }, 'b'))
    await vi.waitFor(async () => expect(await answers(mesh)).toBe('200 two'), soon)
    await plane.serve(node, sidecarWorld('3', { b: two.port }, 'b'))
    const clusterOf = (name: string): boolean => mesh.status().clusters.some((each) => each.name === name)
    await vi.waitFor(() => expect([clusterOf('a'), clusterOf('b')]).toEqual([false, true]), soon)
    expect(await answers(mesh)).toBe('200 two')
    expect((await plane.stats()).nacks).toEqual({})
  })

  test('A46 a NACK names what is bad, the last good one serves, and the server that repeats it is answered 10 times a second', async (context) => {
    if (binary === undefined) return context.skip()
    const plane = await controlPlane()
    const one = await backend('one')
    await plane.serve(node, world('1', { a: one.port }, 'a'))
    const mesh = await meshOn(plane.port, { protocol })
    const bad = clusterNamed('a', { outlier_detection: { max_ejection_percent: 200 } })
    await plane.serve(node, world('2', { a: one.port }, 'a', { clusters: [bad] }))
    await vi.waitFor(
      async () => expect(mesh.status().problems).toMatchObject([{ code: 'XDS_REFUSED', outcome: 'kept' }]),
      soon,
    )
    const began = performance.now()
    for (let call = 0; call < 200; call++) expect(await answers(mesh)).toBe('200 one')
    const stats = await plane.stats()
    const seconds = (performance.now() - began) / 1000
    expect(stats.errors?.[0]).toContain('a: outlier_detection.max_ejection_percent')
    expect(Object.values(stats.nacks)[0]).toBeLessThan(20 + 11 * seconds)
    await plane.serve(node, world('3', { a: one.port }, 'a'))
    await vi.waitFor(() => expect(mesh.status().problems).toEqual([]), soon)
  })

  test('B3 B4 the server goes away and comes back with news: calls go on, then follow', async (context) => {
    if (binary === undefined) return context.skip()
    const first = await controlPlane()
    const [one, two] = [await backend('one'), await backend('two')]
    await first.serve(node, world('1', { a: one.port }, 'a'))
    const mesh = await meshOn(first.port, { protocol })
    await first.stop()
    for (let call = 0; call < 200; call++) expect(await answers(mesh)).toBe('200 one')
    await vi.waitFor(
      () => expect(mesh.status().problems).toMatchObject([{ code: 'XDS_UNREACHABLE', outcome: 'kept' }]),
      soon,
    )
    const second = await controlPlane(first.port)
    await second.serve(node, world('7', { a: two.port }, 'a'))
    await vi.waitFor(async () => expect(await answers(mesh)).toBe('200 two'), soon)
  })
})

test('E3 a host that the server does not know answers at once with what is missing', async (context) => {
  if (binary === undefined) return context.skip()
  const plane = await controlPlane()
  await plane.serve(node, world('1', {}, 'a'))
  const refused = createMesh({
    config: xds({ server: `127.0.0.1:${plane.port}`, node: { id: node }, hosts: ['nobody:80'], startTimeoutMs: 500 }),
  })
  await expect(refused).rejects.toThrow(/Listener nobody:80.*node peer-node/)
})

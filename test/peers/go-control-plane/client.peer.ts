// Our client on a real control plane (go-control-plane): both variants, update, refusal, restart and outage with calls going on.
import { createMesh, type Mesh, xds, type XdsOptions } from 'proxyless'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startBackend, type Backend } from '../../kit/backend.ts'
import { ControlPlane, controlPlaneBinary } from './server.ts'
import { clusterNamed, node, sidecarWorld, world } from './snapshots.ts'

let binary: string | undefined
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  binary = await controlPlaneBinary()
}, 600_000)

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

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

test('F1 F2 F3 a server that is not there is stood in for by the next, and has its place back when it comes', async (context) => {
  if (binary === undefined) return context.skip()
  const reserved = await controlPlane()
  await reserved.stop()
  const second = await controlPlane()
  const [one, two] = [await backend('one'), await backend('two')]
  await second.serve(node, world('9', { a: two.port }, 'a'))
  const server = [`127.0.0.1:${reserved.port}`, `127.0.0.1:${second.port}`]
  const mesh = await createMesh({ config: xds({ server, node: { id: node }, hosts: ['reviews:80'] }) })
  closing.push(() => mesh.close())
  expect(await answers(mesh)).toBe('200 two')
  expect(mesh.status().problems).toEqual([])
  const first = await controlPlane(reserved.port)
  await first.serve(node, world('1', { a: one.port }, 'a'))
  await vi.waitFor(async () => expect(await answers(mesh)).toBe('200 one'), soon)
  for (const plane of [first, second]) await plane.stop()
  for (let call = 0; call < 200; call++) expect(await answers(mesh)).toBe('200 one')
})

test('R1 R2 R3 load reports say how many calls went where and how they ended, by endpoint', async (context) => {
  if (binary === undefined) return context.skip()
  const plane = await controlPlane()
  const one = await backend('one')
  const clusters = [clusterNamed('a', { lrs_server: { self: {} } })]
  await plane.serve(node, world('1', { a: one.port }, 'a', { clusters }))
  const mesh = await meshOn(plane.port, {})
  await vi.waitFor(async () => expect((await plane.loads()).reports).toBeGreaterThan(0), soon)
  const statuses = [200, 404, 500, 503]
  one.answerNext(...statuses.map((status) => ({ status })))
  for (const status of statuses) expect(await answers(mesh)).toBe(`${status} one`)
  const sum = (numbers: readonly (string | undefined)[]): number =>
    numbers.reduce((total, each) => total + Number(each ?? 0), 0)
  await vi.waitFor(async () => {
    const { clusters: told } = await plane.loads()
    const localities = told.flatMap(({ upstreamLocalityStats = [] }) => upstreamLocalityStats)
    const endpoints = localities.flatMap(({ upstreamEndpointStats = [] }) => upstreamEndpointStats)
    expect(sum(localities.map(({ totalIssuedRequests }) => totalIssuedRequests))).toBe(4)
    expect(sum(localities.map(({ totalSuccessfulRequests }) => totalSuccessfulRequests))).toBe(2)
    expect(sum(localities.map(({ totalErrorRequests }) => totalErrorRequests))).toBe(2)
    expect(sum(endpoints.map(({ totalIssuedRequests }) => totalIssuedRequests))).toBe(4)
    expect(endpoints.map(({ address }) => address.socketAddress.portValue)).toContain(one.port)
    expect(localities[0]?.locality).toEqual({ zone: 'z' })
  }, soon)
})

test('J1 the same server polled by REST-JSON', async (context) => {
  if (binary === undefined) return context.skip()
  const plane = await controlPlane()
  const [one, two] = [await backend('one'), await backend('two')]
  await plane.serve(node, world('1', { a: one.port }, 'a'))
  const config = xds({ server: plane.rest, protocol: 'rest', pollMs: 100, node: { id: node }, hosts: ['reviews:80'] })
  const mesh = await createMesh({ config })
  closing.push(() => mesh.close())
  expect(await answers(mesh)).toBe('200 one')
  await plane.serve(node, world('2', { a: one.port, b: two.port }, 'b'))
  await vi.waitFor(async () => expect(await answers(mesh)).toBe('200 two'), soon)
})

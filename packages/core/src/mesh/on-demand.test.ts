// Hosts that a source knows only when it is asked for them (XDS, hosts on demand).
import { afterEach, describe, expect, test } from 'vitest'
import { expectNothingLeft, World, worldOf } from '../call/world.suite.ts'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import type { MeshConfig } from '../model/config.ts'
import type { VirtualHost } from '../model/route.ts'

afterEach(expectNothingLeft)

const unknownHosts = { kind: 'ask', origin: { resource: 'test', path: '' } } as const
const asking = (...hosts: VirtualHost[]): MeshConfig => config(hosts, [cluster('c', ['10.0.0.1'])], { unknownHosts })
const toC = (name: string, port?: number): VirtualHost => host([name], [route(forward('c'))], port)

describe('a call to a host that nobody claims', () => {
  test('asks the source for name and port, and goes on once a configuration claims them', async () => {
    const world = await worldOf(asking())
    const calls = ['http://a/', 'http://A.:80/', 'http://a:9080/'].map((url) => world.call(url))
    expect(world.source.wanted).toEqual(['a:80', 'a:80', 'a:9080'])
    await world.apply(asking(toC('b')))
    expect(calls.map(({ seen }) => seen)).toEqual([undefined, undefined, undefined])
    await world.apply(asking(toC('a', 80)))
    expect(calls.map(({ seen }) => seen)).toEqual([200, 200, undefined])
    await world.apply(asking(toC('a')))
    expect(calls.map(({ seen }) => seen)).toEqual([200, 200, 200])
  })

  test('has the whole of its timeout from then on, and so have those behind it', async () => {
    const world = await worldOf(asking())
    const answers = [{ status: 200, afterMs: 10_000 }]
    const late = world.call('http://a/', { answers })
    world.clock.advance(700)
    await world.apply(asking(host(['a'], [route(forward('c', { timeoutMs: 1_000 }))])))
    world.clock.advance(600)
    const next = world.call('http://a/', { answers })
    world.clock.advance(399)
    expect([late.seen, next.seen]).toEqual([undefined, undefined])
    world.clock.advance(1)
    expect([late.seen, next.seen]).toEqual([504, undefined])
    world.clock.advance(599)
    expect(next.seen).toBe(undefined)
    world.clock.advance(1)
    expect(next.seen).toBe(504)
  })

  test('does not ask for a host that is known', async () => {
    const world = await worldOf(asking(toC('a')))
    expect(world.call('http://a/').seen).toBe(200)
    expect(world.source.wanted).toEqual([])
  })

  test('that the source says cannot be had fails with its reason', async () => {
    const world = await worldOf(asking())
    const call = world.call('http://a/')
    const body = 'Listener a:80: does not exist (xDS server s, node n)'
    await world.apply(asking(host(['a'], [route({ kind: 'directResponse', status: 503, body, unavailable: true })])))
    expect(call.replied).toMatchObject({ code: 'CONFIG_UNAVAILABLE', status: 503, body, flag: 'NC' })
    expect(world.record).toMatchObject({ status: 503, flags: 'NC', details: 'no_configuration' })
  })

  test('goes the way of all unknown hosts once the source is no longer to be asked', async () => {
    const world = await worldOf(asking())
    const call = world.call('http://a/')
    await world.apply(config([], [], { unknownHosts: { kind: 'block', origin: unknownHosts.origin } }))
    expect(call.seen).toBe(502)
  })

  test('ends when its caller gives up, and when the mesh is closed', async () => {
    const world = await worldOf(asking())
    const [left, waiting] = [world.call('http://a/'), world.call('http://a/')]
    left.cancel()
    expect(world.record.flags).toBe('DC')
    await world.mesh.close()
    expect(waiting.replied).toMatchObject({ code: 'MESH_CLOSED' })
    expect(left.replied).toBeUndefined()
  })

  test('is blocked where the source cannot be asked', async () => {
    const world = new World(undefined)
    Object.defineProperty(world.source, 'want', { value: undefined })
    await world.apply(asking())
    expect(world.call('http://a/').seen).toBe(502)
  })

  test('explain tells that it would wait', async () => {
    const world = await worldOf(asking())
    expect(String(world.mesh.explain({ url: 'http://a:81/' }))).toContain('a:81 is not known yet')
  })
})

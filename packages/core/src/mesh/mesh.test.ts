// The house: configuration comes in, clusters live and go, and it closes for good.
import { afterEach, describe, expect, test } from 'vitest'
import { expectNothingLeft, simple, World, worldOf } from '../call/world.suite.ts'
import { viewOf } from '../route/request.suite.ts'
import { cluster, config, forward, host, outlierDetection, route } from '../model/config.suite.ts'
import type { MeshConfig } from '../model/config.ts'
import type { Problem } from '../model/origin.ts'

afterEach(expectNothingLeft)

const problem = (message: string): Problem => ({
  code: 'TEST',
  severity: 'error',
  outcome: 'kept',
  resource: 'r',
  path: '',
  message,
})

const world = (
  version: string,
  hosts: MeshConfig['virtualHosts'],
  ...clusters: ReturnType<typeof cluster>[]
): MeshConfig => config(hosts, clusters, { version })

describe('configuration', () => {
  test('the mesh is ready when the first one is in force', async () => {
    const house = new World(undefined)
    let ready = false
    void house.mesh.ready().then(() => (ready = true))
    await house.clock.advanceAsync(1_000)
    expect([ready, house.mesh.status().version]).toEqual([false, ''])
    expect(() => house.mesh.explain({ url: 'http://a/' })).toThrow('await mesh.ready()')
    await house.apply(world('1', []))
    await house.mesh.ready()
    expect(house.mesh.status().version).toBe('1')
  })

  test('those of one tick are coalesced: only the last is applied', async () => {
    const applied: string[] = []
    const house = new World(undefined, { observer: { configApplied: ({ version }) => applied.push(version) } })
    for (const version of ['1', '2', '3']) house.source.sink.config(world(version, []))
    expect(applied).toEqual([])
    await house.mesh.ready()
    await house.apply(world('4', []))
    expect(applied).toEqual(['3', '4'])
  })

  test('problems of the source are told and shown until the next configuration', async () => {
    const told: Problem[] = []
    const house = await worldOf(world('1', []), {
      observer: { configApplied: ({ problems }) => told.push(...problems) },
    })
    house.source.sink.problem(problem('unreadable'))
    expect(told.map(({ message }) => message)).toEqual(['unreadable'])
    expect(house.mesh.status().problems.map(({ message }) => message)).toEqual(['unreadable'])
    for (let i = 0; i < 30; i++) house.source.sink.problem(problem(String(i)))
    expect(house.mesh.status().problems).toHaveLength(20)
    await house.apply(config([], [], { problems: [problem('of the documents')] }))
    expect(house.mesh.status().problems.map(({ message }) => message)).toEqual(['of the documents'])
  })

  test('bad news before the first configuration ends the wait for it; the mesh still takes one later', async () => {
    const house = new World(undefined)
    house.source.sink.problem(problem('no such directory'))
    await expect(house.mesh.ready()).rejects.toMatchObject({ code: 'CONFIG_UNAVAILABLE' })
    await house.apply(world('1', []))
    expect(house.mesh.status().version).toBe('1')
  })

  test('a host that is unchanged keeps its compiled routes, a changed one gets new ones', async () => {
    const kept = host(['a'], [route(forward('c'))])
    const house = await worldOf(world('1', [kept, host(['b'], [route(forward('c'))])]))
    const tableOf = (url: string): unknown => house.mesh.snapshot.routesOf(viewOf(url))
    const [a, b] = [tableOf('http://a/'), tableOf('http://b/')]
    await house.apply(world('2', [kept, host(['b'], [route(forward('c'))])]))
    expect([tableOf('http://a/') === a, tableOf('http://b/') === b]).toEqual([true, false])
  })

  test('what was found for a host is not remembered for another port, nor after an update', async () => {
    const house = await worldOf(world('1', [host(['a'], [route(forward('c'))], 80)], cluster('c', ['10.0.0.1'])))
    const clusterOf = (url: string): string => {
      house.call(url)
      return house.record.cluster
    }
    const view = { ...viewOf('http://a/'), port: 81 }
    expect([clusterOf('http://a/'), house.mesh.snapshot.hostOf(view), clusterOf('http://a/')]).toEqual([
      'c',
      undefined,
      'c',
    ])
    await house.apply(world('2', [], cluster('c', ['10.0.0.1'])))
    expect(clusterOf('http://a/')).toBe('PassthroughCluster')
  })

  test('look-ups of many hosts are forgotten again', async () => {
    const house = await worldOf(world('1', [host(['*.a'], [route({ kind: 'directResponse', status: 200 })])]))
    for (let i = 0; i < 3_000; i++) expect(house.call(`http://${i}.a/`).seen).toBe(200)
  })
})

describe('clusters', () => {
  test('are made at their first use and live as long as their name', async () => {
    const house = await worldOf(world('1', [host(['a'], [route(forward('c'))])], cluster('c', ['10.0.0.1'])))
    const inUse = (): boolean | undefined => house.mesh.status().clusters.find(({ name }) => name === 'c')?.inUse
    expect(inUse()).toBe(false)
    house.call('http://a/')
    const living = house.mesh.cluster('c')
    expect([inUse(), living === undefined]).toEqual([true, false])
    await house.apply(world('2', [], cluster('c', ['10.0.0.2'])))
    expect(house.mesh.cluster('c')).toBe(living)
    await house.apply(world('3', []))
    expect([living?.retired, house.mesh.cluster('c')]).toEqual([true, undefined])
    await house.apply(world('4', [], cluster('c', ['10.0.0.1'])))
    expect(house.mesh.cluster('c')).not.toBe(living)
  })

  test('one whose model is the same is not touched', async () => {
    const same = cluster('c', ['10.0.0.1'])
    const house = await worldOf(world('1', [], same))
    const selection = house.mesh.cluster('c')?.selection
    await house.apply(world('2', [], same))
    expect(house.mesh.cluster('c')?.selection).toBe(selection)
    await house.apply(world('3', [], { ...same }))
    expect(house.mesh.cluster('c')?.selection).not.toBe(selection)
  })

  test('a map of clusters that knows what has changed spares a look at all others', async () => {
    const names = ['kept', 'changed', 'gone']
    const first = world('1', [], ...names.map((name) => cluster(name, ['10.0.0.1'])))
    const house = await worldOf(first)
    const [kept, changed, gone] = names.map((name) => house.mesh.cluster(name))
    const asked: string[] = []
    const clusters = new Map([...first.clusters].filter(([name]) => name !== 'gone'))
    clusters.set('changed', cluster('changed', ['10.0.0.2']))
    const knowing = Object.assign(clusters, {
      changedSince: (before: unknown) => (before === first.clusters ? ['changed', 'gone', 'unused'] : undefined),
      get: (name: string) => {
        asked.push(name)
        return new Map(clusters.entries()).get(name)
      },
    })
    await house.apply({ ...world('2', []), clusters: knowing })
    expect(asked.sort()).toEqual(['changed', 'gone', 'unused'])
    expect([house.mesh.cluster('kept') === kept, changed?.endpointCount, gone?.retired]).toEqual([true, 1, true])
    expect([...(changed?.endpoints() ?? [])].map(({ key }) => key)).toEqual(['10.0.0.2:80'])
  })
})

describe('status', () => {
  test('is plain JSON, with null for no limit', async () => {
    const limits = { maxConnections: 5, maxPendingRequests: 6, maxRequests: 7, maxRetries: Infinity }
    const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { circuitBreakers: limits, outlierDetection })
    const house = await worldOf(world('1', [host(['a'], [route(forward('c'))])], c))
    for (const answer of [200, 500] as const) house.call('http://a/', { answers: [answer] })
    const it = house.call('http://a/', { answers: ['hangs'] })
    const status = house.mesh.status()
    expect(JSON.parse(JSON.stringify(status))).toEqual(status)
    expect(status).toMatchObject({ version: '1', virtualHosts: 1, problems: [] })
    const found = status.clusters.find(({ name }) => name === 'c')
    expect(found).toMatchObject({ inUse: true, loadBalancer: 'roundRobin', overflows: 0, ejectionsActive: 0 })
    expect(found?.limits).toEqual({
      connections: { now: 0, max: 5 },
      pending: { now: 0, max: 6 },
      requests: { now: 1, max: 7 },
      retries: { now: 0, max: null },
    })
    const sum = (field: 'activeRequests' | 'totalRequests' | 'failedRequests'): number | undefined =>
      found?.endpoints.reduce((total, each) => total + each[field], 0)
    expect([sum('activeRequests'), sum('totalRequests'), sum('failedRequests')]).toEqual([1, 3, 1])
    it.cancel()
  })

  test('shows clusters that no call has needed as they are configured', async () => {
    const house = await worldOf(world('1', [], cluster('c', ['10.0.0.1'])))
    const [passthrough, c] = house.mesh.status().clusters
    expect([passthrough?.name, passthrough?.endpoints]).toEqual(['PassthroughCluster', []])
    expect(c).toMatchObject({
      inUse: false,
      endpoints: [{ address: '10.0.0.1:80', health: 'healthy', excluded: null }],
    })
  })

  test('shows who is ejected and why', async () => {
    const c = cluster('c', ['10.0.0.1'], { outlierDetection })
    const house = await worldOf(world('1', [host(['a'], [route(forward('c'))])], c))
    for (let i = 0; i < 5; i++) house.call('http://a/', { answers: [500] })
    expect(house.mesh.status().clusters[1]).toMatchObject({
      ejectionsActive: 1,
      endpoints: [{ health: 'ejected', ejections: 1, excluded: 'ejected by outlier detection' }],
    })
  })
})

test('a call that finds no cluster or no endpoint hears what the source knows of it', async () => {
  const hosts = [host(['a'], [route(forward('gone'))]), host(['b'], [route(forward('empty'))])]
  const house = await worldOf(world('1', hosts, cluster('empty', [])))
  house.source.remark = (name) => `${name}: not sent`
  expect(house.call('http://a/').replied).toMatchObject({ status: 503, flag: 'NC', body: 'gone: not sent' })
  expect(house.call('http://b/').replied).toMatchObject({ flag: 'UH', body: 'no healthy upstream; empty: not sent' })
  await house.mesh.close()
})

describe('closing', () => {
  test('before it was ready rejects who waits', async () => {
    const house = new World(undefined)
    const ready = house.mesh.ready()
    await house.mesh.close()
    await expect(ready).rejects.toMatchObject({ code: 'MESH_CLOSED' })
    await house.apply(world('1', []))
    expect(house.mesh.status().version).toBe('')
  })

  test('happens once, and leaves ready resolved', async () => {
    const house = await simple()
    await Promise.all([house.mesh.close(), house.mesh.close()])
    expect(house.source.closed).toBe(1)
    await expect(house.mesh.ready()).resolves.toBeUndefined()
  })

  test('destroys connections and stops all timers', async () => {
    const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { outlierDetection })
    const house = await worldOf(world('1', [host(['a'], [route(forward('c', { timeoutMs: 5_000 }))])], c))
    for (let i = 0; i < 10; i++) house.call('http://a/', { answers: [500] })
    const one = house.endpoint('c', '10.0.0.1:80')
    let destroyed = 0
    one.connections.set(house, { open: 3, drain: () => undefined, destroy: () => destroyed++ })
    expect(house.mesh.status().clusters[1]?.endpoints[0]?.connections).toBe(3)
    await house.mesh.close()
    expect([destroyed, house.clock.pendingTimers, house.mesh.cluster('c')]).toEqual([1, 0, undefined])
  })

  test('destroys connections that drain, of endpoints and clusters that have left, unless they are empty', async () => {
    const hosts = [host(['a'], [route(forward('c'))]), host(['b'], [route(forward('d'))])]
    const house = await worldOf(world('1', hosts, cluster('c', ['10.0.0.1', '10.0.0.2']), cluster('d', ['10.0.0.3'])))
    for (const url of ['http://a/', 'http://a/', 'http://b/']) house.call(url)
    const log: string[] = []
    const emptied: (() => void)[] = []
    for (const [name, key] of [
      ['c', '10.0.0.1:80'],
      ['c', '10.0.0.2:80'],
      ['d', '10.0.0.3:80'],
    ] as const) {
      house.endpoint(name, key).connections.set(house, {
        open: 1,
        drain: (done) => void emptied.push(done),
        destroy: () => void log.push(key),
      })
    }
    await house.apply(world('2', hosts.slice(0, 1), cluster('c', ['10.0.0.9'])))
    expect([emptied.length, log]).toEqual([3, []])
    emptied[0]?.()
    await house.mesh.close()
    expect(log).toEqual(['10.0.0.2:80', '10.0.0.3:80'])
  })
})

// From a scripted server to whole configurations: both dialects, order of arrival, what is missing, and what stays.
import { type MeshConfig, type Problem, SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import type { Any } from './generated/google/protobuf/any.ts'
import { HTTPFault } from './generated/envoy/extensions/filters/http/fault/v3/fault.ts'
import {
  any,
  apiListener,
  assignment,
  cluster,
  group,
  route,
  routeConfig,
  routerFilter,
  socketListener,
  toCluster,
} from './decode/messages.suite.ts'
import { testRegex } from './decode/test-regex.suite.ts'
import { settingsOf, type XdsOptions } from './options.ts'
import type { Kind } from './stream/kinds.ts'
import { ScriptedServer, type ScriptedStream } from './stream/scripted-server.suite.ts'
import { xdsSource } from './xds-source.ts'

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

class World {
  readonly clock = new VirtualClock()
  /** The first, where there are several. */
  readonly server = new ScriptedServer()
  readonly others = new Map<string, ScriptedServer>()
  readonly configs: MeshConfig[] = []
  readonly problems: Problem[] = []
  readonly source
  #nonce = 0

  constructor(options: XdsOptions = {}) {
    const transport = (uri: string): ScriptedServer => {
      if (uri === 'xds.test:1') return this.server
      const other = this.others.get(uri) ?? new ScriptedServer()
      this.others.set(uri, other)
      return other
    }
    this.source = xdsSource(
      { ...(options.bootstrap === undefined ? { server: 'xds.test:1' } : {}), node: { id: 'node-1' }, ...options },
      {
        clock: this.clock,
        random: new SeededRandom(1),
        regex: testRegex,
        env: {},
        node: { id: 'fallback' },
        transport,
      },
    )
    this.source.start({
      config: (config) => void this.configs.push(config),
      problem: (problem) => void this.problems.push(problem),
    })
  }

  static async opened(options: XdsOptions = {}): Promise<World> {
    const world = new World(options)
    await settle()
    world.server.last.accept()
    await settle()
    return world
  }

  async send(kind: Kind, ...raw: Any[]): Promise<void> {
    await this.sendFrom(this.server, kind, ...raw)
  }

  async sendFrom(server: ScriptedServer, kind: Kind, ...raw: Any[]): Promise<void> {
    server.last.reply(kind, { nonce: `n${++this.#nonce}`, version: `${this.#nonce}`, raw })
    await settle()
  }

  get config(): MeshConfig {
    return this.configs.at(-1)!
  }

  ports(name: string): number[] {
    const discovery = this.config.clusters.get(name)?.discovery
    return discovery !== undefined && 'endpoints' in discovery ? discovery.endpoints.map(({ port }) => port) : []
  }

  /** Host to the clusters of its first route. */
  hosts(): Record<string, string> {
    return Object.fromEntries(
      this.config.virtualHosts.map(({ domains, port, routes }) => {
        const action = routes[0]?.action
        const to =
          action?.kind === 'forward'
            ? action.clusters.map((each) => each.cluster).join()
            : String(action && 'body' in action ? action.body : '')
        return [`${domains.join()}:${port}`, to]
      }),
    )
  }

  asked(): Record<string, readonly string[]> {
    return Object.fromEntries(this.server.last.requests.map(({ kind, names }) => [String(kind), names]))
  }
}

const toA = (name = 'a'): Any =>
  routeConfig('routes', [{ name: 'h', domains: ['reviews', 'reviews:80'], routes: [route(toCluster(name))] }])

async function apiWorld(): Promise<World> {
  const world = await World.opened({ hosts: ['reviews:80'] })
  await world.send('listener', apiListener('reviews:80'))
  await world.send('route', toA())
  await world.send('cluster', cluster('a'))
  await world.send('endpoints', assignment('a', [group([1, 2])]))
  return world
}

describe('the dialect of gRPC', () => {
  test('asks from the listener down, and delivers once all of it is there', async () => {
    const world = await apiWorld()
    expect(world.asked()).toEqual({ listener: ['reviews:80'], route: ['routes'], cluster: ['a'], endpoints: ['a'] })
    expect(world.configs).toHaveLength(1)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    expect(world.ports('a')).toEqual([1, 2])
  })

  test('A28 the virtual host is found by the most specific domain', async () => {
    const world = await World.opened({ hosts: ['reviews.prod:80'] })
    const host = (name: string, ...domains: string[]): object => ({ name, domains, routes: [route(toCluster(name))] })
    const hosts = [
      host('all', '*'),
      host('prefix', 'reviews.*'),
      host('suffix', '*.prod:80'),
      host('longer', '*s.prod:80'),
    ]
    await world.send('listener', apiListener('reviews.prod:80'))
    await world.send('route', routeConfig('routes', hosts))
    await world.send('cluster', cluster('longer'), cluster('all'), cluster('prefix'), cluster('suffix'))
    for (const name of ['all', 'prefix', 'suffix', 'longer'])
      await world.send('endpoints', assignment(name, [group([1])]))
    expect(world.hosts()).toEqual({ 'reviews.prod:80': 'longer' })
  })

  test('E3 defect 11: a listener that does not exist answers at once with its name, server, node and reason', async () => {
    const world = await World.opened({ hosts: ['reviews:80'] })
    world.clock.advance(15_000)
    expect(world.hosts()['reviews:80']).toBe(
      'Listener reviews:80: the server did not send it within 15 s (xDS server xds.test:1, node node-1)',
    )
    expect(world.config.problems).toMatchObject([
      { code: 'XDS_MISSING', outcome: 'void', resource: 'Listener reviews:80' },
    ])
  })

  test('E3 a cluster or assignment that does not exist is told to the call that fails for it, with server and node', async () => {
    const world = await World.opened({ hosts: ['reviews:80'] })
    await world.send('listener', apiListener('reviews:80'))
    await world.send('route', toA())
    world.clock.advance(15_000)
    expect(world.source.remark?.('a')).toBe(
      'Cluster a: the server did not send it within 15 s (xDS server xds.test:1, node node-1)',
    )
    await world.send('cluster', cluster('a'))
    expect(world.source.remark?.('a')).toContain('ClusterLoadAssignment a: the server has not sent it yet')
    await world.send('endpoints', assignment('a', [group([1])]))
    expect(world.source.remark?.('a')).toBeUndefined()
  })

  test('X2 a call that finds no endpoint also hears that the server cannot be reached', async () => {
    const world = await apiWorld()
    world.server.last.end('reset')
    world.clock.advance(1000)
    world.server.last.end('14 UNAVAILABLE: connection refused')
    expect(world.source.remark?.('a')).toBe(
      'the xDS server cannot be reached (xDS server xds.test:1, node node-1, last error: 14 UNAVAILABLE: connection refused)',
    )
  })

  test('E2 a listener that comes late works', async () => {
    const world = await World.opened({ hosts: ['reviews:80'] })
    world.clock.advance(15_000)
    await world.send('listener', apiListener('reviews:80'))
    await world.send('route', toA())
    await world.send('cluster', cluster('a'))
    await world.send('endpoints', assignment('a', [group([1])]))
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    expect(world.config.problems).toEqual([])
  })

  test('O1 a route to a new cluster takes effect only when the cluster has its endpoints', async () => {
    const world = await apiWorld()
    await world.send('route', toA('b'))
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    expect(world.asked()['cluster']).toEqual(['a', 'b'])
    await world.send('cluster', cluster('a'), cluster('b'))
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    await world.send('endpoints', assignment('b', [group([3])]))
    expect(world.hosts()).toEqual({ 'reviews:80': 'b' })
    expect(world.ports('b')).toEqual([3])
    expect(world.asked()['cluster']).toEqual(['b'])
  })

  test('O1 a cluster that turns to other endpoints keeps the old ones until the new have come', async () => {
    const world = await apiWorld()
    await world.send(
      'cluster',
      cluster('a', {
        edsClusterConfig: { edsConfig: { configSourceSpecifier: { $case: 'ads', value: {} } }, serviceName: 's' },
      }),
    )
    expect(world.ports('a')).toEqual([1, 2])
    await world.send('endpoints', assignment('s', [group([9])]))
    expect(world.ports('a')).toEqual([9])
  })

  test('O1 defect 2: a listener that changes and keeps its routes by name takes effect', async () => {
    const world = await apiWorld()
    const name = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
    const fault = any(name, HTTPFault as never, {
      abort: { errorType: { $case: 'httpStatus', value: 418 }, percentage: { numerator: 100 } },
    })
    const filter = { name: 'fault', configType: { $case: 'typedConfig', value: fault } }
    await world.send('listener', apiListener('reviews:80', { httpFilters: [filter, routerFilter] }))
    expect(world.config.virtualHosts[0]?.routes[0]?.action).toMatchObject({ fault: { abort: { httpStatus: 418 } } })
  })

  test('A33 defect 4: an update that only adds typed_per_filter_config turns the fault on', async () => {
    const world = await apiWorld()
    const name = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
    const filter = { name: 'fault', configType: { $case: 'typedConfig', value: any(name, HTTPFault as never, {}) } }
    await world.send('listener', apiListener('reviews:80', { httpFilters: [filter, routerFilter] }))
    expect(world.config.virtualHosts[0]?.routes[0]?.action).not.toHaveProperty('fault')
    const fault = any(name, HTTPFault as never, {
      abort: { errorType: { $case: 'grpcStatus', value: 14 }, percentage: { numerator: 50 } },
    })
    const routes = [route(toCluster('a'), undefined, { typedPerFilterConfig: { fault } })]
    await world.send('route', routeConfig('routes', [{ name: 'h', domains: ['reviews'], routes }]))
    expect(world.config.virtualHosts[0]?.routes[0]?.action).toMatchObject({
      fault: { abort: { grpcStatus: 14, percent: { numerator: 500_000 } } },
    })
  })

  test('O2 defect 3: a cluster removed and added again as it was works', async () => {
    const world = await apiWorld()
    await world.send('cluster')
    expect(world.ports('a')).toEqual([1, 2])
    expect(world.config.problems).toMatchObject([{ code: 'XDS_MISSING', outcome: 'kept' }])
    await world.send('cluster', cluster('a'))
    expect(world.ports('a')).toEqual([1, 2])
    expect(world.config.problems).toEqual([])
  })

  test('T6 a refused resource keeps what was there, and is told with server and node', async () => {
    const world = await apiWorld()
    await world.send('cluster', cluster('a', { outlierDetection: { maxEjectionPercent: 200 } }))
    expect(world.ports('a')).toEqual([1, 2])
    expect(world.config.problems).toMatchObject([
      {
        code: 'XDS_REFUSED',
        outcome: 'kept',
        resource: 'Cluster a',
        message: expect.stringContaining('node node-1') as string,
      },
    ])
  })

  test('A31 the listener says how long streams may last where a route says nothing', async () => {
    const world = await apiWorld()
    const seconds = (n: number): object => ({ maxStreamDuration: { seconds: n, nanos: 0 } })
    await world.send('listener', apiListener('reviews:80', { commonHttpProtocolOptions: seconds(9) }))
    const routes = [
      route(toCluster('a')),
      route({ ...toCluster('a'), maxStreamDuration: seconds(3) }),
      route({ ...toCluster('a'), maxStreamDuration: seconds(0) }),
    ]
    await world.send('route', routeConfig('routes', [{ name: 'h', domains: ['reviews'], routes }]))
    expect(world.config.virtualHosts[0]?.routes.map(({ action }) => 'timeoutMs' in action && action.timeoutMs)).toEqual(
      [9000, 3000, 0],
    )
  })

  test('A39 a cluster of a split has the last word on a filter', async () => {
    const world = await apiWorld()
    const name = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
    const fault = (httpStatus: number): Any =>
      any(name, HTTPFault as never, {
        abort: { errorType: { $case: 'httpStatus', value: httpStatus }, percentage: { numerator: 100 } },
      })
    const filter = { name: 'fault', configType: { $case: 'typedConfig', value: fault(500) } }
    await world.send('listener', apiListener('reviews:80', { httpFilters: [filter, routerFilter] }))
    const clusters = [
      { name: 'x', weight: 0, typedPerFilterConfig: { fault: fault(400) } },
      { name: 'a', weight: 1, typedPerFilterConfig: { fault: fault(418) } },
      { name: 'a', weight: 1, typedPerFilterConfig: { fault: any(name, HTTPFault as never, {}) } },
      { name: 'a', weight: 1 },
    ]
    const split = { clusterSpecifier: { $case: 'weightedClusters', value: { clusters } } }
    await world.send('route', routeConfig('routes', [{ name: 'h', domains: ['reviews'], routes: [route(split)] }]))
    const abort = (httpStatus: number): object => ({ abort: { httpStatus } })
    expect(world.config.virtualHosts[0]?.routes[0]?.action).toMatchObject({
      fault: abort(500),
      clusters: [{ cluster: 'a', fault: abort(418) }, { cluster: 'a', fault: 'none' }, { cluster: 'a' }],
    })
  })

  test('what is not applied is told once for all resources of a kind', async () => {
    const world = await apiWorld()
    const told = { lbSubsetConfig: { fallbackPolicy: 1 } }
    await world.send(
      'route',
      routeConfig('routes', [
        { name: 'h', domains: ['reviews'], routes: [route(toCluster('a')), route(toCluster('b'))] },
      ]),
    )
    await world.send('cluster', cluster('a', told), cluster('b', told))
    await world.send('endpoints', assignment('b', [group([1])]))
    expect(world.config.problems).toMatchObject([
      { code: 'XDS_NOT_APPLIED', severity: 'info', resource: 'Cluster a', message: 'lb_subset_config: is not applied' },
    ])
  })

  test('drops of an assignment are those of its cluster', async () => {
    const world = await apiWorld()
    const dropOverloads = [{ category: 'lb', dropPercentage: { numerator: 10, denominator: 0 } }]
    await world.send('endpoints', assignment('a', [group([1])], { policy: { dropOverloads } }))
    expect(world.config.clusters.get('a')?.drops).toEqual([{ category: 'lb', percent: { numerator: 100_000 } }])
  })

  test('A37 an aggregate is its leaves in order, each priority after those before', async () => {
    const world = await apiWorld()
    const clusters = {
      $case: 'clusterType',
      value: {
        name: 'x',
        typedConfig: {
          typeUrl: 'type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig',
          value: Uint8Array.from([10, 1, 98, 10, 1, 99, 10, 1, 98]),
        },
      },
    }
    await world.send('cluster', cluster('a', { clusterDiscoveryType: clusters }))
    await world.send('cluster', cluster('a', { clusterDiscoveryType: clusters }), cluster('b'), cluster('c'))
    await world.send(
      'endpoints',
      assignment('b', [group([1]), group([2], { priority: 1 })]),
      assignment('c', [group([3])]),
    )
    const discovery = world.config.clusters.get('a')?.discovery
    expect(
      discovery !== undefined &&
        'endpoints' in discovery &&
        discovery.endpoints.map(({ port, priority }) => [port, priority]),
    ).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ])
  })
})

describe('hosts on demand', () => {
  const answered = async (world: World): Promise<void> => {
    await world.send('listener', apiListener('reviews:80'))
    await world.send('route', toA())
    await world.send('cluster', cluster('a'))
    await world.send('endpoints', assignment('a', [group([1])]))
  }

  const called = async (options: XdsOptions = {}): Promise<World> => {
    const world = new World({ dialect: 'api', ...options })
    world.source.want?.('reviews:80')
    await settle()
    world.server.last.accept()
    await settle()
    return world
  }

  test('before a call nothing is asked for, and the mesh may begin', async () => {
    const world = new World({ dialect: 'api' })
    await settle()
    expect(world.config).toMatchObject({ virtualHosts: [], unknownHosts: { kind: 'ask' } })
    expect(world.server.last).toBeUndefined()
  })

  test('a wanted host is claimed once all of it is there, not before', async () => {
    const world = await called()
    world.source.want?.('reviews:80')
    await settle()
    expect(world.asked()).toEqual({ listener: ['reviews:80'] })
    await world.send('listener', apiListener('reviews:80'))
    await world.send('route', toA())
    await world.send('cluster', cluster('a'))
    expect(world.config.virtualHosts).toEqual([])
    await world.send('endpoints', assignment('a', [group([1])]))
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    world.clock.advance(600_000)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
  })

  test('what has not come in time is refused with resource, server, node and last error, and works when it comes', async () => {
    const world = await called({ hostTimeoutMs: 2_000 })
    world.server.last.end('14 UNAVAILABLE: gone')
    world.clock.advance(1_999)
    expect(world.config.virtualHosts).toEqual([])
    world.clock.advance(1)
    const said = 'Listener reviews:80: the server has not sent it yet (xDS server xds.test:1, node node-1, last error: '
    expect(world.hosts()['reviews:80']).toBe(`${said}14 UNAVAILABLE: gone)`)
    await settle()
    world.server.last.accept()
    await settle()
    await answered(world)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
  })

  test('calls wait 5 s where nothing is said', async () => {
    const world = await called()
    world.clock.advance(4_999)
    expect(world.config.virtualHosts).toEqual([])
    world.clock.advance(1)
    expect(world.config.virtualHosts).toHaveLength(1)
  })

  test('E3 what is known to be missing is refused at once, and asked for anew by a call ten minutes later', async () => {
    const world = await called()
    world.clock.advance(15_000)
    expect(world.hosts()['reviews:80']).toContain('Listener reviews:80: the server did not send it within 15 s')
    world.clock.advance(590_000)
    expect(world.config.virtualHosts).toEqual([])
    world.source.want?.('reviews:80')
    await settle()
    await answered(world)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
  })

  test.each<[string, XdsOptions, string]>([
    ['a server and nothing else', {}, 'sidecar'],
    ['hosts', { hosts: ['a:80'] }, 'api'],
    ['GENERATOR grpc', { node: { metadata: { GENERATOR: 'grpc' } } }, 'api'],
    ['a word', { dialect: 'sidecar', node: { metadata: { GENERATOR: 'grpc' } } }, 'sidecar'],
  ])('the dialect of %s', async (_, options, dialect) => {
    const world = new World(options)
    await settle()
    world.source.want?.('a:80')
    await settle()
    world.server.last.accept()
    await settle()
    expect(world.asked()).toMatchObject(dialect === 'sidecar' ? { listener: [] } : { listener: ['a:80'] })
  })

  test('the dialect of a bootstrap that names the server is gRPC, and istiod is told only where nobody says the node', () => {
    const settings = (options: XdsOptions): ReturnType<typeof settingsOf> =>
      settingsOf(options, {}, { id: 'n', metadata: { NAMESPACE: 'x' } })
    const bootstrap = { xds_servers: [{ server_uri: 'a:1', channel_creds: [{ type: 'insecure' }] }], node: { id: 'b' } }
    expect(settings({ bootstrap })).toMatchObject({ dialect: 'api', node: { metadata: undefined } })
    expect(settings({ server: 'a:1', bootstrap })).toMatchObject({ dialect: 'sidecar' })
    expect(settings({ server: 'a:1', dialect: 'api' }).node.metadata).toEqual({ NAMESPACE: 'x', GENERATOR: 'grpc' })
    expect(() => settings({ server: 'a:1', dialect: 'sidecar', hosts: ['a:80'] })).toThrow('`hosts` are for')
  })
})

describe('the dialect of a sidecar', () => {
  const allowAny = { name: 'allow_any', domains: ['*'], routes: [route(toCluster('Passthrough'))] }

  async function sidecarWorld(): Promise<World> {
    const world = await World.opened()
    await world.send(
      'cluster',
      cluster('a'),
      cluster('Passthrough', { clusterDiscoveryType: { $case: 'type', value: 4 } }),
    )
    await world.send('endpoints', assignment('a', [group([1])]))
    await world.send(
      'listener',
      socketListener('0.0.0.0_80', 80, {
        routeSpecifier: {
          $case: 'rds',
          value: { configSource: { configSourceSpecifier: { $case: 'ads', value: {} } }, routeConfigName: '80' },
        },
      }),
    )
    await world.send(
      'route',
      routeConfig('80', [
        { name: 'reviews:80', domains: ['reviews', 'reviews:80', '*.reviews:9080'], routes: [route(toCluster('a'))] },
        allowAny,
      ]),
    )
    return world
  }

  test('asks for all listeners and clusters, and finds hosts by domain and port', async () => {
    const world = await sidecarWorld()
    expect(world.asked()).toMatchObject({ listener: [], cluster: [], endpoints: ['a'], route: ['80'] })
    expect(world.configs).toHaveLength(1)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a', '*.reviews:9080': 'a' })
    expect(world.config.unknownHosts.kind).toBe('passthrough')
  })

  test('a virtual host that blocks all others blocks unknown hosts', async () => {
    const world = await sidecarWorld()
    const block = {
      match: { pathSpecifier: { $case: 'prefix', value: '/' } },
      action: { $case: 'directResponse', value: { status: 502 } },
    }
    await world.send('route', routeConfig('80', [{ name: 'block_all', domains: ['*'], routes: [block] }]))
    expect(world.config.unknownHosts.kind).toBe('block')
    expect(world.config.virtualHosts).toEqual([])
  })

  test('O1 a cluster that is gone stays for routes in force until those that took their place have all they need', async () => {
    const world = await sidecarWorld()
    const passthrough = cluster('Passthrough', { clusterDiscoveryType: { $case: 'type', value: 4 } })
    await world.send('cluster', cluster('a'), cluster('b'), passthrough)
    const toB = { name: 'reviews:80', domains: ['reviews'], routes: [route(toCluster('b'))] }
    await world.send('route', routeConfig('80', [toB, allowAny]))
    await world.send('cluster', cluster('b'), passthrough)
    expect([world.hosts(), world.ports('a')]).toEqual([{ 'reviews:80': 'a', '*.reviews:9080': 'a' }, [1]])
    await world.send('endpoints', assignment('b', [group([2])]))
    expect([world.hosts(), world.ports('b')]).toEqual([{ 'reviews:80': 'b' }, [2]])
    expect(world.config.clusters.has('a')).toBe(false)
  })

  test('T8 a cluster and a listener that are gone are gone', async () => {
    const world = await sidecarWorld()
    await world.send('listener')
    await world.send('cluster')
    expect(world.config.virtualHosts).toEqual([])
    expect(world.config.clusters.size).toBe(0)
  })

  test('what did not change keeps its identity', async () => {
    const world = await sidecarWorld()
    const [before] = [world.config]
    await world.send('endpoints', assignment('a', [group([1, 2])]))
    expect(world.config).not.toBe(before)
    expect(world.config.virtualHosts[0]).toBe(before.virtualHosts[0])
    expect(world.config.clusters.get('Passthrough')).toBe(before.clusters.get('Passthrough'))
    const { length } = world.configs
    await world.send('endpoints', assignment('a', [group([1, 2])]))
    expect(world.configs).toHaveLength(length)
  })
})

describe('load reports', () => {
  const self = { lrsServer: { configSourceSpecifier: { $case: 'self', value: {} } } }
  const loads = (world: World): ScriptedStream[] =>
    world.server.streams.filter(({ method }) => method.endsWith('/StreamLoadStats'))
  const resources = async (world: World, ...clusters: Any[]): Promise<void> => {
    const [stream] = world.server.streams
    stream?.reply('cluster', { nonce: 'n', raw: clusters })
    await settle()
  }

  test('R1 are sent to the server of a cluster that asks for them, as long as there is one', async () => {
    const world = await World.opened({ dialect: 'sidecar' })
    await resources(world, cluster('a'))
    expect(loads(world)).toHaveLength(0)
    await resources(world, cluster('a', self), cluster('b', self))
    expect(loads(world)).toHaveLength(1)
    await resources(world, cluster('a', self))
    expect(loads(world)[0]?.closed).toBe(false)
    await resources(world, cluster('a'))
    expect(loads(world)[0]?.closed).toBe(true)
  })

  test('R4 their trouble is none of the configuration', async () => {
    const world = await World.opened({ dialect: 'sidecar' })
    const still = { clusterDiscoveryType: { $case: 'type', value: 0 } }
    const [stream] = world.server.streams
    stream?.reply('listener', { nonce: 'n', raw: [] })
    await resources(world, cluster('a', { ...self, ...still }))
    loads(world)[0]?.end('12 UNIMPLEMENTED')
    world.clock.advance(60_000)
    expect(loads(world)).toHaveLength(2)
    expect(world.problems).toEqual([])
    await resources(world, cluster('a', { ...self, ...still }), cluster('b', still))
    expect([...world.config.clusters.keys()]).toEqual(['a', 'b'])
    await world.source.close()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('R4 can be switched off', async () => {
    const world = await World.opened({ dialect: 'sidecar', loadReports: false })
    await resources(world, cluster('a', self))
    expect(loads(world)).toHaveLength(0)
  })
})

describe('features of a server (A88)', () => {
  async function featured(...features: string[]): Promise<World> {
    const server = { server_uri: 'xds.test:1', channel_creds: [{ type: 'insecure' }], server_features: features }
    const world = await World.opened({ bootstrap: { xds_servers: [server], node: { id: 'n' } }, hosts: ['reviews:80'] })
    await world.send('listener', apiListener('reviews:80'))
    await world.send('route', toA())
    await world.send('cluster', cluster('a'))
    await world.send('endpoints', assignment('a', [group([1])]))
    return world
  }

  test.each([
    ['X5 what is removed is kept, with ignore_resource_deletion and without', ['ignore_resource_deletion'], [1]],
    ['X5 what is removed is kept, with ignore_resource_deletion and without', [], [1]],
    ['A88 fail_on_data_errors: what is removed is gone', ['fail_on_data_errors'], []],
  ])('%s (%j)', async (_name, features, ports) => {
    const world = await featured(...features)
    await world.send('cluster')
    expect(world.ports('a')).toEqual(ports)
    expect(world.config.problems).toMatchObject([{ code: 'XDS_MISSING', resource: 'Cluster a' }])
  })

  test.each([
    ['resource_timer_is_transient_error', 30_000],
    ['resource_timer_is_transient_failure', 15_000],
  ])('X4 of the two spellings of the timer feature the first counts: %s', async (feature, waitMs) => {
    const world = await featured(feature)
    await world.send('route', toA('b'))
    world.clock.advance(waitMs - 1)
    expect(world.config.problems).toEqual([])
    world.clock.advance(1)
    expect(world.config.problems).toMatchObject([{ resource: 'Cluster b' }])
  })
})

describe('waiting', () => {
  test('the first configuration is waited for a bounded time; the error names resource, server, node and last error', async () => {
    const world = new World({ hosts: ['reviews:80'] })
    await settle()
    world.server.last.end('14 UNAVAILABLE: connect ECONNREFUSED')
    world.clock.advance(29_999)
    expect(world.problems).toEqual([])
    world.clock.advance(1)
    expect(world.problems).toMatchObject([
      { code: 'XDS_UNREACHABLE', outcome: 'void', resource: 'xDS server xds.test:1' },
    ])
    const [{ message }] = world.problems as [Problem]
    for (const part of ['Listener reviews:80', 'node node-1', 'ECONNREFUSED', '30 s']) expect(message).toContain(part)
  })

  test('B3 a server that is lost later is told once per trouble, and what is in force stays', async () => {
    const world = await apiWorld()
    world.server.last.end('reset')
    world.clock.advance(0)
    world.clock.advance(1000)
    for (let round = 0; round < 3; round++) {
      world.server.last.end('connection refused')
      world.clock.advance(10_000)
    }
    expect(world.problems).toMatchObject([{ code: 'XDS_UNREACHABLE', outcome: 'kept' }])
    expect(world.configs).toHaveLength(1)
  })

  test('E5 closing leaves no timer and no stream', async () => {
    const world = await apiWorld()
    await world.source.close()
    expect(world.clock.pendingTimers).toBe(0)
    expect(world.server.last.closed).toBe(true)
  })
})

describe('several servers', () => {
  async function sendAll(world: World, server: ScriptedServer, port: number): Promise<void> {
    server.last.accept()
    await settle()
    await world.sendFrom(server, 'listener', apiListener('reviews:80'))
    await world.sendFrom(server, 'route', toA())
    await world.sendFrom(server, 'cluster', cluster('a'))
    await world.sendFrom(server, 'endpoints', assignment('a', [group([port])]))
  }

  test('F1 F2 a server that is away at the start is stood in for by the next; F3 with it back all is as it says', async () => {
    const world = new World({ server: ['xds.test:1', 'xds.test:2'], hosts: ['reviews:80'] })
    await settle()
    world.server.last.end('connection refused')
    await settle()
    const second = world.others.get('xds.test:2')!
    await sendAll(world, second, 2)
    expect(world.ports('a')).toEqual([2])
    expect(world.problems).toEqual([])
    world.clock.advance(1200)
    await sendAll(world, world.server, 1)
    expect(world.ports('a')).toEqual([1])
    expect(second.last.closed).toBe(true)
    expect(world.configs.every(({ virtualHosts }) => virtualHosts.length === 1)).toBe(true)
  })

  test('F1 a server lost in the middle of a change is stood in for; F3 its newer word wins when it is back', async () => {
    const world = new World({ server: ['xds.test:1', 'xds.test:2'], hosts: ['reviews:80'] })
    await settle()
    await sendAll(world, world.server, 1)
    await world.send('route', toA('b'))
    world.server.last.end('killed')
    await settle()
    world.clock.advance(1000)
    world.server.last.end('connection refused')
    await settle()
    await sendAll(world, world.others.get('xds.test:2')!, 2)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    expect(world.ports('a')).toEqual([2])
    world.clock.advance(1200)
    await sendAll(world, world.server, 1)
    expect(world.hosts()).toEqual({ 'reviews:80': 'a' })
    expect(world.ports('a')).toEqual([1])
  })

  test('F1 both lost again: what is in force serves on, whoever sent it', async () => {
    const world = new World({ server: ['xds.test:1', 'xds.test:2'], hosts: ['reviews:80'] })
    await settle()
    world.server.last.end('connection refused')
    await settle()
    await sendAll(world, world.others.get('xds.test:2')!, 2)
    world.others.get('xds.test:2')!.last.end('killed')
    for (let round = 0; round < 5; round++) {
      world.clock.advance(3_600_000)
      for (const server of [world.server, world.others.get('xds.test:2')!]) server.last.end('connection refused')
      await settle()
    }
    expect(world.ports('a')).toEqual([2])
    expect(world.problems).toMatchObject([{ code: 'XDS_UNREACHABLE', outcome: 'kept' }])
  })

  test('F4 the first configuration that does not come is told with the last error of every server', async () => {
    const world = new World({ server: ['xds.test:1', 'xds.test:2'], hosts: ['reviews:80'] })
    await settle()
    world.server.last.end('connection refused')
    await settle()
    world.others.get('xds.test:2')!.last.end('no route to host')
    world.clock.advance(30_000)
    expect(world.problems[0]?.message).toContain('xds.test:1: connection refused; xds.test:2: no route to host')
  })

  const authorityServer = { server_uri: 'other.test:1', channel_creds: [{ type: 'insecure' }] }
  const bootstrap = {
    xds_servers: [{ server_uri: 'xds.test:1', channel_creds: [{ type: 'insecure' }] }],
    node: { id: 'node-1' },
    authorities: { other: { xds_servers: [authorityServer] } },
  }
  const xdstp = (type: string, name: string): string => `xdstp://other/envoy.config.${type}/${name}`

  test('N2 N3 N4 a target of an authority and one of none are served by their own servers', async () => {
    const world = new World({ bootstrap, hosts: ['reviews:80', 'xds://other/ratings:80'] })
    await settle()
    await sendAll(world, world.server, 1)
    const other = world.others.get('other.test:1')!
    other.last.accept()
    await settle()
    const [listener, routes] = [xdstp('listener.v3.Listener', 'ratings:80'), xdstp('route.v3.RouteConfiguration', 'r')]
    const its = xdstp('cluster.v3.Cluster', 'ratings')
    expect(other.last.requests.map(({ names }) => names)).toEqual([[listener]])
    const rds = { configSource: { configSourceSpecifier: { $case: 'ads', value: {} } }, routeConfigName: routes }
    await world.sendFrom(other, 'listener', apiListener(listener, { routeSpecifier: { $case: 'rds', value: rds } }))
    const hosts = [{ name: 'h', domains: ['ratings:80'], routes: [route(toCluster(its))] }]
    await world.sendFrom(other, 'route', routeConfig(routes, hosts))
    const eds = { edsConfig: { configSourceSpecifier: { $case: 'ads', value: {} } }, serviceName: 'ratings' }
    await world.sendFrom(other, 'cluster', cluster(its, { edsClusterConfig: eds }))
    // a plain name is asked of the servers of the first level, whoever named it
    await world.send('endpoints', assignment('a', [group([1])]), assignment('ratings', [group([2])]))
    expect(world.hosts()).toEqual({ 'reviews:80': 'a', 'ratings:80': its })
    expect([world.ports('a'), world.ports(its)]).toEqual([[1], [2]])
  })

  test('N2 a call may bring a target of an authority', async () => {
    const world = new World({ bootstrap })
    world.source.want?.('xds://other/ratings:80')
    await settle()
    const other = world.others.get('other.test:1')!
    other.last.accept()
    await settle()
    expect(other.last.requests.map(({ names }) => names)).toEqual([[xdstp('listener.v3.Listener', 'ratings:80')]])
  })

  test('N3 a call may bring a target of an unknown authority, and is answered at once', async () => {
    const world = new World({ bootstrap })
    world.source.want?.('xds://nobody/ratings:80')
    await settle()
    expect(world.hosts()['ratings:80']).toContain('the bootstrap has no authority "nobody"')
  })

  test('N3 a name of an unknown authority answers at once with that reason', async () => {
    const world = new World({ hosts: ['reviews:80'] })
    await settle()
    world.server.last.accept()
    await settle()
    const routeConfigName = xdstp('route.v3.RouteConfiguration', 'r')
    const rds = { configSource: { configSourceSpecifier: { $case: 'ads', value: {} } }, routeConfigName }
    await world.send('listener', apiListener('reviews:80', { routeSpecifier: { $case: 'rds', value: rds } }))
    expect(world.hosts()['reviews:80']).toContain('the bootstrap has no authority "other"')
  })
})

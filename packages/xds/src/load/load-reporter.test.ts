// LRS against a scripted server on virtual time.
import { type LivingCluster, SeededRandom, VirtualClock } from '@proxyless/core/spi'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ClusterStats } from '../generated/envoy/config/endpoint/v3/load_report.ts'
import { LoadStatsRequest, LoadStatsResponse } from '../generated/envoy/service/load_stats/v3/lrs.ts'
import { nodeMessage } from '../node.ts'
import type { AdsStream, AdsTransport, StreamEvents } from '../stream/transport.ts'
import { at, count, livingCluster } from './load.suite.ts'
import { LoadReporter } from './load-reporter.ts'

class LoadServer implements AdsTransport {
  readonly server = 'loads:1'
  readonly streams: { events: StreamEvents; said: LoadStatsRequest[]; closed: boolean; method: string }[] = []

  open(method: string, events: StreamEvents): AdsStream {
    const stream = { events, said: [] as LoadStatsRequest[], closed: false, method }
    this.streams.push(stream)
    return {
      send: (bytes) => void stream.said.push(LoadStatsRequest.decode(bytes)),
      close: () => void (stream.closed = true),
    }
  }

  close(): void {
    // nothing is left of a stream that has ended
  }

  get last(): LoadServer['streams'][number] {
    return this.streams.at(-1)!
  }

  ask(response: Parameters<typeof LoadStatsResponse.fromPartial>[0], seconds = 10): void {
    const loadReportingInterval = { seconds: Math.floor(seconds), nanos: (seconds % 1) * 1e9 }
    const message = LoadStatsResponse.fromPartial({ loadReportingInterval, ...response })
    this.last.events.message(LoadStatsResponse.encode(message).finish(), () => undefined)
  }
}

class World {
  readonly clock = new VirtualClock()
  readonly server = new LoadServer()
  readonly living = new Map<string, LivingCluster>()
  readonly reporter = new LoadReporter({
    transport: this.server,
    node: nodeMessage({ id: 'n', cluster: '', locality: undefined, metadata: undefined }),
    clock: this.clock,
    random: new SeededRandom(1),
    living: () => this.living,
    serviceName: (name) => (name === 'a' ? 'a-service' : ''),
  })

  constructor() {
    for (const name of ['a', 'b']) this.add(name)
    this.server.last.events.opened()
  }

  add(name: string): LivingCluster {
    const cluster = livingCluster(name, this.clock, [1, 2, 3])
    this.living.set(name, cluster)
    return cluster
  }

  calls(name: string, port: number, ...numbers: [ended: number, errors?: number, underWay?: number]): void {
    count(at(this.living.get(name)!, port), ...numbers)
  }

  /** The clusters of the next report. */
  next(ms = 10_000): ClusterStats[] {
    this.server.last.said.splice(0)
    this.clock.advance(ms)
    const [report, ...more] = this.server.last.said
    if (report === undefined || more.length > 0) throw new Error(`${more.length + 1} reports instead of one`)
    return report.clusterStats
  }
}

test('R1 the first message is the node, which can send all clusters; nothing more is said before the server asks', () => {
  const { clock, server } = new World()
  expect(server.last.method).toBe('/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats')
  clock.advance(3_600_000)
  expect(server.last.said).toMatchObject([
    {
      node: { id: 'n', clientFeatures: expect.arrayContaining(['envoy.lrs.supports_send_all_clusters']) },
      clusterStats: [],
    },
  ])
})

test('R1 R2 clusters that were asked for are reported at each interval: issued, successes, errors, in progress', () => {
  const world = new World()
  world.calls('a', 1, 100)
  world.server.ask({ clusters: ['a'] })
  world.calls('a', 1, 7, 2, 3)
  world.calls('b', 1, 5)
  expect(world.next()).toMatchObject([
    {
      clusterName: 'a',
      clusterServiceName: 'a-service',
      loadReportInterval: { seconds: 10, nanos: 0 },
      upstreamLocalityStats: [
        {
          locality: { region: 'r', zone: 'a' },
          totalIssuedRequests: 10,
          totalSuccessfulRequests: 5,
          totalErrorRequests: 2,
          totalRequestsInProgress: 3,
          upstreamEndpointStats: [],
        },
      ],
    },
  ])
  world.calls('a', 1, 3, 0, 0)
  expect(world.next()[0]?.upstreamLocalityStats).toMatchObject([
    { totalIssuedRequests: 0, totalSuccessfulRequests: 3, totalErrorRequests: 0, totalRequestsInProgress: 0 },
  ])
  expect(world.next()).toEqual([])
})

test('R1 defect 10: the first cluster of the list is reported', () => {
  const world = new World()
  world.server.ask({ clusters: ['a', 'b'] })
  world.calls('a', 1, 1)
  world.calls('b', 1, 1)
  expect(world.next().map(({ clusterName }) => clusterName)).toEqual(['a', 'b'])
})

test('R2 localities are counted apart, and those without calls are left out', () => {
  const world = new World()
  world.server.ask({ clusters: ['a'] })
  world.calls('a', 1, 1)
  world.calls('a', 2, 2)
  world.calls('a', 3, 4)
  const [stats] = world.next()
  expect(stats?.upstreamLocalityStats.map(({ locality, totalIssuedRequests }) => [locality?.zone, totalIssuedRequests]))
    .toEqual([['a', 5], ['b', 2]]) // prettier-ignore
})

test('R2 the interval is the time that passed, and what is in progress is told as it is now', () => {
  const world = new World()
  world.server.ask({ clusters: ['a'] }, 1.5)
  world.calls('a', 1, 0, 0, 2)
  expect(world.next(1500)[0]).toMatchObject({ loadReportInterval: { seconds: 1, nanos: 500_000_000 } })
  for (let round = 0; round < 3; round++) {
    expect(world.next(1500)[0]?.upstreamLocalityStats).toMatchObject([
      { totalIssuedRequests: 0, totalRequestsInProgress: 2 },
    ])
  }
})

test('R1 send_all_clusters: also those that come alive later', () => {
  const world = new World()
  world.server.ask({ sendAllClusters: true })
  world.add('c')
  for (const name of ['a', 'b', 'c']) world.calls(name, 1, 1)
  expect(world.next().map(({ clusterName }) => clusterName)).toEqual(['a', 'b', 'c'])
})

test('R1 each response begins a new interval; a cluster that was counted before loses nothing, a new one begins at zero', () => {
  const world = new World()
  world.server.ask({ clusters: ['a'] })
  world.calls('a', 1, 5)
  world.calls('b', 1, 5)
  world.clock.advance(9_999)
  world.server.ask({ clusters: ['a', 'b'] })
  world.clock.advance(9_999)
  expect(world.server.last.said.slice(1)).toEqual([])
  world.calls('b', 1, 1)
  const issued = world
    .next(1)
    .map(({ clusterName, upstreamLocalityStats: [stats], loadReportInterval }) => [
      clusterName,
      stats?.totalIssuedRequests,
      loadReportInterval?.seconds,
    ])
  expect(issued).toEqual([
    ['a', 5, 19],
    ['b', 1, 10],
  ])
})

test('R3 by endpoint where the server asks for it, with address and the same numbers', () => {
  const world = new World()
  world.server.ask({ clusters: ['a'], reportEndpointGranularity: true })
  world.calls('a', 1, 4, 1)
  world.calls('a', 3, 2)
  const [stats] = world.next()
  expect(stats?.upstreamLocalityStats[0]).toMatchObject({
    totalIssuedRequests: 6,
    upstreamEndpointStats: [
      {
        address: { address: { value: { address: '10.0.0.1', portSpecifier: { value: 1 } } } },
        totalIssuedRequests: 4,
        totalSuccessfulRequests: 3,
        totalErrorRequests: 1,
      },
      { totalIssuedRequests: 2, totalSuccessfulRequests: 2, totalErrorRequests: 0 },
    ],
  })
})

test('R5 calls that a limit refused are told under the total only', () => {
  const world = new World()
  world.living.get('a')!.limits.requestOverflows = 3
  world.server.ask({ clusters: ['a'] })
  world.living.get('a')!.limits.requestOverflows = 8
  expect(world.next()).toMatchObject([{ totalDroppedRequests: 5, droppedRequests: [], upstreamLocalityStats: [] }])
  expect(world.next()).toEqual([])
})

test('R2 calls that the configuration drops are told by category, and within the total', () => {
  const world = new World()
  const cluster = world.living.get('a')!
  const drops = (numerator: number): { category: string; percent: { numerator: number } } => ({
    category: 'throttle',
    percent: { numerator },
  })
  cluster.update({ ...cluster.model, drops: [drops(1_000_000)] })
  cluster.drops?.draw(new SeededRandom(1))
  world.server.ask({ clusters: ['a'] })
  for (let call = 0; call < 3; call++) cluster.drops?.draw(new SeededRandom(1))
  cluster.limits.requestOverflows = 2
  expect(world.next()).toMatchObject([
    { totalDroppedRequests: 5, droppedRequests: [{ category: 'throttle', droppedCount: 3 }] },
  ])
  expect(world.next()).toEqual([])
})

test('R2 A64 A85 metrics that servers report and the cluster names are summed up by locality and by endpoint', () => {
  const world = new World()
  const cluster = world.living.get('a')!
  cluster.update({ ...cluster.model, reportedMetrics: ['cpu_utilization', 'named_metrics.queue'] })
  world.server.ask({ clusters: ['a'], reportEndpointGranularity: true })
  const report = (port: number, cpu: number, queue: number): void => {
    world.calls('a', port, 1)
    const said = new Map([['cpu_utilization', cpu], ['named_metrics.queue', queue], ['named_metrics.other', 9]]) // prettier-ignore
    cluster.metrics?.take(at(cluster, port), said)
  }
  report(1, 0.5, 3)
  report(1, 0.25, 4)
  report(3, 0.25, 5)
  const metric = (count: number, total: number): object => ({
    numRequestsFinishedWithMetric: count,
    totalMetricValue: total,
  })
  const [stats] = world.next()
  expect(stats?.upstreamLocalityStats).toMatchObject([
    {
      cpuUtilization: metric(3, 1),
      memUtilization: undefined,
      loadMetricStats: [{ metricName: 'named_metrics.queue', ...metric(3, 12) }],
      upstreamEndpointStats: [
        { loadMetricStats: [{ metricName: 'named_metrics.queue', ...metric(2, 7) }] },
        { loadMetricStats: [{ metricName: 'named_metrics.queue', ...metric(1, 5) }] },
      ],
    },
  ])
  report(3, 0.5, 1)
  expect(world.next()[0]?.upstreamLocalityStats).toMatchObject([
    { cpuUtilization: metric(1, 0.5), loadMetricStats: [metric(1, 1)] },
  ])
})

test('R2 the last calls of an endpoint that has left, and of a cluster that is gone, are told; then they are forgotten', () => {
  const world = new World()
  world.server.ask({ sendAllClusters: true })
  world.calls('a', 1, 2, 0, 1)
  world.next()
  const endpoint = at(world.living.get('a')!, 1)
  world.living.delete('a')
  count(endpoint, 1, 1, 0)
  expect(world.next()[0]?.upstreamLocalityStats).toMatchObject([{ totalErrorRequests: 1, totalRequestsInProgress: 0 }])
  const again = world.add('a')
  again.limits.requestOverflows = 1
  expect(world.next()).toMatchObject([{ clusterName: 'a', totalDroppedRequests: 1 }])
})

test('R4 a stream that ends is opened again with back-off, and what it did not tell is not told twice', () => {
  const world = new World()
  world.server.last.events.ended('12 UNIMPLEMENTED: unknown service')
  world.clock.advance(700)
  expect(world.server.streams).toHaveLength(1)
  world.clock.advance(600)
  expect(world.server.streams).toHaveLength(2)
  world.server.last.events.opened()
  world.calls('a', 1, 5)
  world.server.ask({ clusters: ['a'] })
  world.calls('a', 1, 1)
  expect(world.next()[0]?.upstreamLocalityStats).toMatchObject([{ totalIssuedRequests: 1 }])
})

test('R4 a thousand restarts leave one timer, and closing none', () => {
  const world = new World()
  for (let round = 0; round < 1000; round++) {
    world.server.ask({ sendAllClusters: true })
    world.calls('a', 1, 1)
    world.clock.advance(10_000)
    world.server.last.events.ended('gone')
    expect(world.clock.pendingTimers).toBe(1)
    world.clock.advance(1000)
  }
  expect(world.clock.pendingTimers).toBe(0)
  world.reporter.close()
  expect(world.server.last.closed).toBe(true)
})

test('a server that asks for reports without pause gets one a second', () => {
  const world = new World()
  world.server.ask({ clusters: ['a'] }, 0)
  world.clock.advance(10_000)
  expect(world.server.last.said).toHaveLength(11)
})

test('no bytes throw out of the reporter', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (messages) => {
      const world = new World()
      for (const bytes of messages) {
        world.server.last.events.message(bytes, () => undefined)
        world.clock.advance(3000)
      }
      world.reporter.close()
      expect(world.clock.pendingTimers).toBe(0)
    }),
    { numRuns: 200 },
  )
})

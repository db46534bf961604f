// Metrics that an SDK of OpenTelemetry gets, and the names that OTEL_SEMCONV_STABILITY_OPT_IN asks for (SEMANTICS 13.3).
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { registerMesh } from '@proxyless/grpc'
import type { MeshConfig } from '@proxyless/core/spi'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

const spans = new InMemorySpanExporter()
let exporter: InMemoryMetricExporter
let meters: MeterProvider

beforeEach(() => {
  spans.reset()
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 })] })
  metrics.setGlobalMeterProvider(meters)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  trace.disable()
  metrics.disable()
  await meters.shutdown()
})

async function collected(): Promise<MetricData[]> {
  await meters.forceFlush()
  return (
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
  )
}

async function http(optIn: string): Promise<MetricData[]> {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', optIn)
  const b = await backend({ handler: () => ({ status: 404 }) })
  const m = await mesh(config([host(['a'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]))
  await (await m.fetch('http://a:81/x')).text()
  return collected()
}

async function rpc(optIn: string): Promise<MetricData[]> {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', optIn)
  const g = opened(await startGrpc({ unary: { '/t.Svc/Who': (_call, answer) => answer({ code: 5 }) } }))
  const m = await mesh(config([host(['r'], [route(forward('c'))])], [cluster('c', [endpoint(g.authority)])]))
  using _registered = registerMesh(m)
  using client = new GrpcClient('mesh:///r:90')
  expect((await client.unary('/t.Svc/Who')).code).toBe(5)
  return await collected()
}

/** Instruments of clients, with unit, bounds and the attributes of what was recorded. */
function ofClients(all: readonly MetricData[]): Record<string, object> {
  return Object.fromEntries(
    all
      .filter(({ descriptor: { name } }) => /^(http|rpc)\./.test(name))
      .map(({ descriptor, dataPoints }) => [
        descriptor.name,
        {
          unit: descriptor.unit,
          count: (dataPoints[0]?.value as { count: number } | undefined)?.count,
          ...dataPoints[0]?.attributes,
        },
      ]),
  )
}

const httpStable = {
  unit: 's',
  count: 1,
  'http.request.method': 'GET',
  'server.address': 'a',
  'server.port': 81,
  'http.response.status_code': 404,
  'error.type': '404',
}
const rpcOld = {
  unit: 'ms',
  count: 1,
  'rpc.system': 'grpc',
  'rpc.service': 't.Svc',
  'rpc.method': 'Who',
  'server.address': 'r',
  'server.port': 90,
  'rpc.grpc.status_code': 5,
}
const rpcNew = {
  unit: 's',
  count: 1,
  'rpc.system.name': 'grpc',
  'rpc.method': 't.Svc/Who',
  'server.address': 'r',
  'server.port': 90,
  'rpc.response.status_code': 'NOT_FOUND',
  'error.type': 'NOT_FOUND',
}

test('HTTP has its stable names, with http/dup the old ones too', async () => {
  const stable = await http('')
  expect(ofClients(stable)).toEqual({ 'http.client.request.duration': httpStable })
  const bounds = stable.find(({ descriptor }) => descriptor.name === 'http.client.request.duration')?.dataPoints[0]
    ?.value
  expect((bounds as { buckets: { boundaries: number[] } }).buckets.boundaries).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ])
  expect(spans.getFinishedSpans()[0]?.attributes).not.toHaveProperty('http.method')
})

test('http/dup', async () => {
  const old = {
    unit: 'ms',
    count: 1,
    'http.method': 'GET',
    'net.peer.name': 'a',
    'net.peer.port': 81,
    'http.status_code': 404,
  }
  expect(ofClients(await http('http/dup'))).toEqual({
    'http.client.request.duration': httpStable,
    'http.client.duration': old,
  })
  expect(spans.getFinishedSpans()[0]?.attributes).toMatchObject({
    'http.method': 'GET',
    'http.url': 'http://a:81/x',
    'http.status_code': 404,
    'http.request.method': 'GET',
    'url.full': 'http://a:81/x',
  })
})

test.each([
  [
    '',
    { 'rpc.client.duration': rpcOld },
    { 'rpc.system': 'grpc', 'rpc.service': 't.Svc', 'rpc.method': 'Who', 'rpc.grpc.status_code': 5 },
  ],
  [
    'rpc',
    { 'rpc.client.call.duration': rpcNew },
    { 'rpc.system.name': 'grpc', 'rpc.method': 't.Svc/Who', 'rpc.response.status_code': 'NOT_FOUND' },
  ],
  [
    'http, rpc/dup',
    { 'rpc.client.call.duration': rpcNew, 'rpc.client.duration': rpcOld },
    { 'rpc.service': 't.Svc', 'rpc.method': 't.Svc/Who' },
  ],
])('RPC with %j', async (optIn, expected, attributes) => {
  expect(ofClients(await rpc(optIn))).toEqual(expected)
  const [attempt, call] = spans.getFinishedSpans()
  expect([attempt?.name, call?.name]).toEqual(['t.Svc/Who', 'r:90/*'])
  expect(attempt?.attributes).toMatchObject({ ...attributes, 'error.type': 'NOT_FOUND' })
})

test('what the mesh counts comes along when the SDK collects', async () => {
  const all = await http('')
  const valueOf = (name: string): unknown =>
    all.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value
  expect(valueOf('istio_requests_total')).toBe(1)
  expect(valueOf('envoy_cluster_upstream_rq_total')).toBe(1)
  expect(valueOf('proxyless_config_info')).toBe(1)
})

test('a method that nobody knows makes no series of its own', async () => {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', 'http/dup')
  const b = await backend()
  const m = await mesh(config([host(['a'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]))
  await (await m.fetch('http://a/', { method: 'BREW' })).text()
  const all = await collected()
  const of = (name: string): unknown =>
    all.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.attributes
  expect(of('http.client.request.duration')).toMatchObject({ 'http.request.method': '_OTHER' })
  expect(of('http.client.duration')).toMatchObject({ 'http.method': '_OTHER', 'net.peer.name': 'a' })
  const seen = spans
    .getFinishedSpans()
    .map(({ name, attributes }) => [
      name,
      attributes['http.request.method'],
      attributes['http.request.method_original'],
      attributes['net.peer.name'],
    ])
  expect(seen).toEqual([
    ['HTTP', '_OTHER', 'BREW', 'a'],
    ['a:80/*', '_OTHER', undefined, undefined],
  ])
})

describe('what the mesh counts', () => {
  const points = async (name: string): Promise<unknown[]> =>
    (await collected())
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => [attributes, value]))
  const worldOf = (authority: string, name: string): MeshConfig =>
    config([host(['a'], [route(forward(name))])], [cluster(name, [endpoint(authority)])])

  async function called(): Promise<TestMesh> {
    const m = await mesh(worldOf((await backend()).authority, 'c'))
    await (await m.fetch('http://a/')).text()
    return m
  }

  test('gauges of what is no more are 0', async () => {
    const b = await backend()
    const m = await mesh(worldOf(b.authority, 'c'))
    await (await m.fetch('http://a/')).text()
    const { version } = m.status()
    expect(await points('proxyless_config_info')).toEqual([[{ version }, 1]])
    expect(await points('envoy_cluster_membership_total')).toEqual([[{ cluster_name: 'c' }, 1]])
    await m.apply(worldOf(b.authority, 'd'))
    await (await m.fetch('http://a/')).text()
    expect(await points('proxyless_config_info')).toEqual([
      [{ version }, 0],
      [{ version: m.status().version }, 1],
    ])
    expect(await points('envoy_cluster_membership_total')).toEqual([
      [{ cluster_name: 'c' }, 0],
      [{ cluster_name: 'd' }, 1],
    ])
  })

  test('of a closed mesh nothing more is told: its gauges are 0, its counters stay', async () => {
    const m = await called()
    const { version } = m.status()
    await collected()
    await m.close()
    expect(await points('proxyless_config_info')).toEqual([[{ version }, 0]])
    expect(await points('proxyless_config_age_seconds')).toEqual([[{}, 0]])
    expect(await points('envoy_cluster_upstream_rq_total')).toEqual([[{ cluster_name: 'c' }, 1]])
  })

  test('two meshes are told apart', async () => {
    const first = await called()
    const second = await called()
    const requests = (): Promise<unknown[]> => points('envoy_cluster_upstream_rq_total')
    expect(await requests()).toEqual([
      [{ cluster_name: 'c' }, 1],
      [{ cluster_name: 'c', mesh: '2' }, 1],
    ])
    await first.close()
    await (await second.fetch('http://a/')).text()
    expect(await requests()).toEqual([
      [{ cluster_name: 'c' }, 1],
      [{ cluster_name: 'c', mesh: '2' }, 2],
    ])
  })
})

test('clientMetrics: false leaves durations to others', async () => {
  const b = await backend()
  const hosts = [host(['a'], [route(forward('c'))])]
  const m = await mesh(config(hosts, [cluster('c', [endpoint(b.authority)])]), { otel: { clientMetrics: false } })
  await (await m.fetch('http://a/')).text()
  expect(ofClients(await collected())).toEqual({})
})

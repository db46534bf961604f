// The metrics that a mesh serves: names and labels as Istio's own proxies have them (SEMANTICS 13.1, 13.5).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { house } from '@proxyless/core/spi'
import { MeshMetrics } from '@proxyless/otel/metrics'
import type { CreateMeshOptions } from 'proxyless'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const workload = { namespace: 'shop', labels: { app: 'frontend', version: 'v3' }, cluster: 'home' }

async function read(url: string): Promise<string> {
  const response = await fetch(url)
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  return response.text()
}

/** Lines of a metric with these labels. */
function samples(text: string, name: string, labels: Readonly<Record<string, string>> = {}): string[] {
  const has = (line: string): boolean =>
    Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`))
  return text.split('\n').filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && has(line))
}

function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = samples(text, name, labels)
  expect(found, `${name} ${JSON.stringify(labels)} in\n${text}`).toHaveLength(1)
  return Number(found[0]?.split(' ').at(-1))
}

function labelsOf(line: string | undefined): Record<string, string> {
  return Object.fromEntries([...(line ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))
}

async function served(
  hosts: Parameters<typeof config>[0],
  clusters: Parameters<typeof config>[1],
  more: Partial<CreateMeshOptions> = {},
): Promise<TestMesh & { text(): Promise<string> }> {
  const m = await mesh(config(hosts, clusters), { workload, metricsPort: 0, ...more })
  return Object.assign(m, { text: () => read(m.metricsUrl ?? '') })
}

const reviews = 'reviews.shop-a.svc.cluster.local'

test('a call is one record at the end of its answer, with every label of Istio', async () => {
  const b = await backend({ handler: () => ({ body: '0123456789' }) })
  const labels = {
    app: 'reviews',
    version: 'v1',
    'service.istio.io/canonical-name': 'canon',
    'topology.istio.io/cluster': 'away',
  }
  const name = 'reviews-v1-6d8bc58dd7-ts8kw'
  const c = cluster(`outbound|9080||${reviews}`, [endpoint(b.authority, { labels, name })], {
    service: { host: reviews, port: 9080 },
  })
  const m = await served([host(['reviews'], [route(forward(c.name))])], [c])
  await (await m.fetch('http://reviews:9080/', { method: 'POST', body: 'abc' })).text()
  const text = await m.text()
  expect(labelsOf(samples(text, 'istio_requests_total')[0])).toEqual({
    reporter: 'source',
    source_workload: 'frontend-v3',
    source_workload_namespace: 'shop',
    source_principal: 'unknown',
    source_app: 'frontend',
    source_version: 'v3',
    source_cluster: 'home',
    source_canonical_service: 'frontend',
    source_canonical_revision: 'v3',
    destination_workload: 'reviews-v1',
    destination_workload_namespace: 'shop-a',
    destination_principal: 'unknown',
    destination_app: 'reviews',
    destination_version: 'v1',
    destination_cluster: 'away',
    destination_canonical_service: 'canon',
    destination_canonical_revision: 'v1',
    destination_service: reviews,
    destination_service_name: 'reviews',
    destination_service_namespace: 'shop-a',
    request_protocol: 'http',
    response_code: '200',
    response_flags: '-',
    connection_security_policy: 'unknown',
  })
  expect(valueOf(text, 'istio_requests_total')).toBe(1)
  expect(valueOf(text, 'istio_request_bytes_sum')).toBe(3)
  expect(valueOf(text, 'istio_response_bytes_sum')).toBe(10)
  expect(valueOf(text, 'istio_request_duration_milliseconds_count')).toBe(1)
  expect(valueOf(text, 'istio_request_duration_milliseconds_bucket', { le: '+Inf' })).toBe(1)
  expect(samples(text, 'istio_request_duration_milliseconds_bucket').map((line) => labelsOf(line)['le'])).toEqual([
    '0.5',
    '1',
    '5',
    '10',
    '25',
    '50',
    '100',
    '250',
    '500',
    '1000',
    '2500',
    '5000',
    '10000',
    '30000',
    '60000',
    '300000',
    '600000',
    '1800000',
    '3600000',
    '+Inf',
  ])
})

test('what no service claims is told by its host: passed through, blocked, without a route', async () => {
  const b = await backend()
  const hosts = [host(['a'], [route(forward('c'), { path: { kind: 'exact', value: '/only', ignoreCase: false } })])]
  const m = await served(hosts, [])
  await (await m.fetch(`${b.url}/`)).text()
  await (await m.fetch('http://a/other')).text()
  const origin = { resource: 'test', path: '' }
  const at = (text: string, destination_service: string): string[] =>
    samples(text, 'istio_requests_total', { destination_service }).map((line) => {
      const { destination_service_name: name, response_code: code, response_flags: flags } = labelsOf(line)
      return `${name} ${code} ${flags}`
    })
  const text = await m.text()
  expect([at(text, '127.0.0.1'), at(text, 'a')]).toEqual([['PassthroughCluster 200 -'], ['a 404 NR']])
  await m.apply(config([], [], { unknownHosts: { kind: 'block', origin } }))
  await (await m.fetch('http://b/')).text()
  expect(at(await m.text(), 'b')).toEqual(['BlackHoleCluster 502 -'])
})

test('what a fault ends before it comes to its cluster is told of the service that it was for', async () => {
  const fault = { abort: { percent: { numerator: 1_000_000 }, httpStatus: 418 } }
  const c = cluster('c', [endpoint('127.0.0.1:9')], { service: { host: reviews, port: 9080 } })
  const m = await served([host(['reviews'], [route(forward('c', { fault }))])], [c])
  await (await m.fetch('http://reviews:9080/')).text()
  expect(labelsOf(samples(await m.text(), 'istio_requests_total')[0])).toMatchObject({
    destination_service: reviews,
    destination_service_name: 'reviews',
    destination_service_namespace: 'shop-a',
    destination_workload: 'unknown',
    response_code: '418',
    response_flags: 'FI',
  })
})

test('hosts that no service claims have a series each, up to 500; those after are one', async () => {
  const origin = { resource: 'test', path: '' }
  const m = await mesh(config([], [], { unknownHosts: { kind: 'block', origin } }), { metricsPort: 0 })
  const get = async (name: string): Promise<string> => (await m.fetch(`http://${name}/`)).text()
  for (let i = 0; i < 502; i++) await get(`h${i}`)
  await get('h0')
  const text = await read(m.metricsUrl ?? '')
  expect(samples(text, 'istio_requests_total')).toHaveLength(501)
  expect(valueOf(text, 'istio_requests_total', { destination_service: 'h0' })).toBe(2)
  expect(valueOf(text, 'istio_requests_total', { destination_service: 'other' })).toBe(2)
  expect(labelsOf(samples(text, 'istio_requests_total', { destination_service: 'other' })[0])).toMatchObject({
    destination_service_name: 'BlackHoleCluster',
    response_code: '502',
  })
})

test('series of one name go on over configurations; those of other labels begin', async () => {
  const b = await backend()
  const of = (version: string): [Parameters<typeof config>[0], Parameters<typeof config>[1]] => [
    [host(['a'], [route(forward('c'))])],
    [cluster('c', [endpoint(b.authority, { labels: { app: 'x', version } })])],
  ]
  const m = await served(...of('v1'))
  const get = async (): Promise<string> => (await m.fetch('http://a/')).text()
  await get()
  await m.apply(config(...of('v1')))
  await get()
  await m.apply(config(...of('v2')))
  await get()
  const text = await m.text()
  const versions = samples(text, 'istio_requests_total').map((line) => [
    labelsOf(line)['destination_version'],
    line.split(' ').at(-1),
  ])
  expect(versions).toEqual([
    ['v1', '2'],
    ['v2', '1'],
  ])
})

test('clusters in use, routes by their name and the configuration tell of themselves', async () => {
  const b = await backend({ handler: ({ url }) => ({ status: url === '/bad' ? 503 : 200 }) })
  const retry = {
    numRetries: 1,
    retryOn: ['5xx'],
    retriableStatusCodes: [],
    perTryTimeoutMs: 0,
    backoffBaseMs: 1,
    backoffMaxMs: 1,
    avoidPreviousHosts: false,
    retryOtherPriorities: false,
  } as const
  const named = { ...route(forward('c', { retry })), statPrefix: 'shop' }
  const m = await served([host(['a'], [named])], [cluster('c', [endpoint(b.authority)]), cluster('unused', [])])
  await (await m.fetch('http://a/')).text()
  await (await m.fetch('http://a/bad')).text()
  const text = await m.text()
  const of = (name: string): number => valueOf(text, `envoy_cluster_${name}`, { cluster_name: 'c' })
  expect([of('upstream_rq_total'), of('upstream_rq_retry'), of('upstream_rq_retry_limit_exceeded')]).toEqual([3, 1, 1])
  expect([of('membership_total'), of('membership_healthy'), of('upstream_rq_active')]).toEqual([1, 1, 0])
  expect(of('circuit_breakers_default_remaining_rq')).toBe(2 ** 32 - 1)
  expect(text).not.toContain('unused')
  expect(valueOf(text, 'envoy_vhost_route_upstream_rq', { route: 'shop', response_code: '503' })).toBe(1)
  expect(valueOf(text, 'proxyless_config_info', { version: m.status().version })).toBe(1)
  expect(valueOf(text, 'proxyless_config_age_seconds')).toBeGreaterThanOrEqual(0)
  expect(valueOf(text, 'proxyless_config_problems', { severity: 'error' })).toBe(0)
})

test('a handler in a server of the application; only what reads is answered', async () => {
  const m = await mesh(config([], []))
  const server = createServer(m.metricsHandler()).listen(0)
  opened({ close: () => new Promise((resolve) => server.close(() => resolve())) })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/any/path`
  expect(await read(url)).toContain('proxyless_config_info{version=')
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, Number(head.headers.get('content-length')) > 0, await head.text()]).toEqual([200, true, ''])
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
})

test('metricsPort serves /metrics alone, ends with the mesh, and a port that is taken costs no more than a warning', async () => {
  const first = await served([], [])
  const url = first.metricsUrl ?? ''
  expect((await fetch(new URL('/other', url))).status).toBe(404)
  const warnings: string[] = []
  const warned = (warning: Error & { code?: string }): void => void warnings.push(`${warning.code} ${warning.message}`)
  process.on('warning', warned)
  const second = await mesh(config([], []), { metricsPort: Number(new URL(url).port) })
  await until(() => warnings.length > 0)
  process.off('warning', warned)
  expect(second.metricsUrl).toBeUndefined()
  expect(warnings).toEqual([expect.stringMatching(/^PROXYLESS_METRICS metrics are not served: .*EADDRINUSE/)])
  await first.close()
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('METRICS.md has a row for every metric and label, and for no other', async () => {
  const page = readFileSync(new URL('../../METRICS.md', import.meta.url), 'utf8')
  const b = await backend()
  const m = await served([host(['a'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])])
  const metrics = new MeshMetrics(m[house], workload)
  const families = metrics.families()
  for (const { name, type } of families) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| ${type} \\|`, 'm'))
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (?:counter|gauge|histogram) \|/gm)].map(([, name]) => name)
  expect(new Set(rows)).toEqual(new Set(families.map(({ name }) => name)))
  await (await m.fetch('http://a/')).text()
  for (const label of Object.keys(labelsOf(samples(await m.text(), 'istio_requests_total')[0])))
    expect(page).toContain(`\`${label}\``)
})

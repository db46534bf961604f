// What a real Prometheus makes of the metrics: the queries of Istio's boards and of Kiali, over calls whose outcome is known.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMesh, type Mesh } from 'proxyless'
import { type Backend, startBackend } from '../../kit/backend.ts'
import { debianOrSkip } from '../debian-package.ts'
import { type Served, serve, serviceEntry } from '../serve/served.ts'
import { complaintsOf, type Prometheus, type Sample, startPrometheus } from './server.ts'

const binary = await debianOrSkip({ name: 'prometheus', path: 'usr/bin/prometheus', proof: ['--version'] })

interface Told {
  readonly version: string
  readonly status: number
  readonly durationMs: number
}

const bookinfo = (path: string): Promise<string> =>
  readFile(new URL(`../../../examples/bookinfo/${path}`, import.meta.url), 'utf8')

/** By one label. */
function by(label: string, samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(samples.map(({ labels, value }) => [labels[label] ?? '', value]))
}

const host = 'reviews.default.svc.cluster.local'
const ofReviews = 'reporter="source",destination_service_name="reviews"'

describe.skipIf(binary === undefined)('Prometheus', () => {
  const told: Told[] = []
  const backends: Backend[] = []
  let mesh: Mesh
  let served: Served
  let prometheus: Prometheus

  const call = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await (await mesh.fetch('http://reviews:9080/reviews/0')).text()
  }

  beforeAll(async () => {
    let turn = 0
    backends.push(await startBackend({ name: 'v1' }))
    // one of four calls fails
    backends.push(await startBackend({ name: 'v3', handler: () => ({ status: ++turn % 4 === 1 ? 500 : 200 }) }))
    const [v1, v3] = backends as [Backend, Backend]
    const documents = {
      'registry.yaml': serviceEntry(
        'reviews',
        [
          { version: 'v1', port: v1.port },
          { version: 'v3', port: v3.port },
        ],
        { port: 9080 },
      ),
      'rules.yaml': await bookinfo('mesh/destination-rules.yaml'),
      'reviews.yaml': await bookinfo('steps/reviews.50-50.yaml'),
    }
    served = await serve(documents)
    mesh = await createMesh({
      config: Object.values(documents),
      workload: { namespace: 'default', labels: { app: 'productpage', version: 'v1' } },
      metricsPort: 0,
      observer: {
        callEnded: ({ endpointLabels, status, durationMs }) => {
          told.push({ version: endpointLabels['version'] ?? '', status, durationMs })
        },
      },
    })
    const targets = { mesh: mesh.metricsUrl ?? '', plane: `${served.http}/metrics` }
    prometheus = await startPrometheus(binary ?? '', targets)
    // a rate needs a sample before
    while (new Set(told.map(({ version, status }) => `${version} ${status}`)).size < 3) await call(1)
    await prometheus.scraped()
    await call(600)
    await prometheus.scraped()
  })

  afterAll(async () => {
    await prometheus?.close()
    await mesh?.close()
    await served?.close()
    for (const backend of backends) await backend.close()
  })

  const count = (of: (one: Told) => boolean): number => told.filter(of).length

  test('counts what was called, by version and status', async () => {
    const samples = await prometheus.query(
      `sum by (destination_version, response_code) (istio_requests_total{${ofReviews}})`,
    )
    const found = samples.map(({ labels, value }) => [labels['destination_version'], labels['response_code'], value])
    expect(new Set(found.map((one) => one.join(' ')))).toEqual(
      new Set(
        [
          ['v1', 200],
          ['v3', 200],
          ['v3', 500],
        ].map(([version, status]) => {
          return `${version} ${status} ${count((one) => one.version === version && one.status === status)}`
        }),
      ),
    )
  })

  test("the success rate of Istio's boards, by version", async () => {
    const rate = (more: string): string =>
      `sum by (destination_version) (rate(istio_requests_total{${ofReviews}${more}}[1m]))`
    const rates = by('destination_version', await prometheus.query(`${rate(',response_code!~"5.*"')} / ${rate('')}`))
    const ofV3 = count(({ version, status }) => version === 'v3' && status === 200)
    expect(rates['v1']).toBe(1)
    // each series is extrapolated by itself
    expect(Math.abs((rates['v3'] ?? 0) - ofV3 / count(({ version }) => version === 'v3'))).toBeLessThan(0.05)
  })

  test.each([0.5, 0.99])('the quantile %s of durations lies in the bucket where it was measured', async (quantile) => {
    const buckets = `sum by (le) (rate(istio_request_duration_milliseconds_bucket{${ofReviews}}[1m]))`
    const [found] = await prometheus.query(`histogram_quantile(${quantile}, ${buckets})`)
    const sorted = told.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b)
    // those before the first sample and the rank itself may move it a little
    const near = [-4, 4].map(
      (off) => sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * quantile) + off))],
    )
    const bounds = [0, 0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]
    const lower = bounds.findLast((bound) => bound < (near[0] ?? 0)) ?? 0
    const upper = bounds.find((bound) => bound >= (near[1] ?? 0)) ?? Infinity
    expect(found?.value).toBeGreaterThanOrEqual(lower)
    expect(found?.value).toBeLessThanOrEqual(upper)
  })

  test("the edges of Kiali's graph", async () => {
    const edges = await prometheus.query(
      `sum by (source_workload, source_workload_namespace, source_canonical_service, destination_service, destination_service_namespace, ` +
        `destination_canonical_service, destination_canonical_revision, destination_workload, destination_workload_namespace) ` +
        `(istio_requests_total{reporter="source"}) > 0`,
    )
    const edge = (version: string): object => ({
      source_workload: 'productpage-v1',
      source_workload_namespace: 'default',
      source_canonical_service: 'productpage',
      destination_service: host,
      destination_service_namespace: 'default',
      destination_canonical_service: 'reviews',
      destination_canonical_revision: version,
      destination_workload: `reviews-${version}`,
      destination_workload_namespace: 'default',
    })
    expect(new Set(edges.map(({ labels }) => labels))).toEqual(new Set([edge('v1'), edge('v3')]))
  })

  test('clusters, the configuration and the control plane are there', async () => {
    const clusters = await prometheus.query('sum by (cluster_name) (envoy_cluster_upstream_rq_total)')
    const sent = by('cluster_name', clusters)
    expect(sent).toEqual({
      [`outbound|9080|v1|${host}`]: count(({ version }) => version === 'v1'),
      [`outbound|9080|v3|${host}`]: count(({ version }) => version === 'v3'),
    })
    const [config] = await prometheus.query('proxyless_config_info')
    expect(config?.labels['version']).toBe(mesh.status().version)
    expect((await prometheus.query('proxyless_documents'))[0]?.value).toBeGreaterThan(3)
    expect(by('job', await prometheus.query('up'))).toEqual({ mesh: 1, plane: 1 })
  })

  test('promtool has nothing against the texts but the names that are not ours to choose', async () => {
    for (const url of [mesh.metricsUrl ?? '', `${served.http}/metrics`]) {
      const complaints = await complaintsOf(binary ?? '', await (await fetch(url)).text())
      const ours = complaints.split('\n').filter((line) => line !== '' && !/^(envoy|istio)_/.test(line))
      expect(ours).toEqual([])
    }
  })
})

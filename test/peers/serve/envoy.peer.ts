// A real Envoy as a client of the control plane, in both variants: it routes Bookinfo's traffic as the documents say,
// refuses nothing, and loses no call while everything changes.
import { readFile } from 'node:fs/promises'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../../kit/backend.ts'
import { freePort } from '../../kit/free-port.ts'
import { until } from '../../kit/until.ts'
import { envoyOrSkip } from '../envoy/harness/peer.ts'
import { type AdsEnvoy, startAdsEnvoy } from './ads-envoy.ts'
import { serve, type Served, serviceEntry } from './served.ts'

const binary = await envoyOrSkip()
const bookinfo = new URL('../../../examples/bookinfo/', import.meta.url)
const documentAt = (path: string): Promise<string> => readFile(new URL(path, bookinfo), 'utf8')
const step = (name: string): Promise<string> => documentAt(`steps/${name}.yaml`)

/** The rules of all services, with another subset of reviews where one is given, and a variant of its routes: one file, one change. */
async function mesh(variant: string, fresh?: { readonly subset: string; readonly version: string }): Promise<string> {
  const [rules, routes] = [await documentAt('mesh/destination-rules.yaml'), await step(variant)]
  if (fresh === undefined) return `${rules}---\n${routes}`
  const { subset, version } = fresh
  const more = `    - name: ${subset}\n      labels:\n        version: ${version}\n`
  return `${rules}${more}---\n${routes.replace('subset: v1', `subset: ${subset}`)}`
}

const node = {
  id: 'sidecar~127.0.0.9~productpage-v1.default~default.svc.cluster.local',
  metadata: { NAMESPACE: 'default', LABELS: { app: 'productpage', version: 'v1' } },
}

interface Answer {
  readonly status: number
  readonly backend: string
}

describe.skipIf(binary === undefined).each(['sotw', 'delta'] as const)('Envoy over %s', (protocol) => {
  let served: Served
  let envoy: AdsEnvoy
  let port: number
  /** Clusters of the documents that most tests leave behind, and Envoy's own. */
  let atRest: number
  const backends: Backend[] = []

  beforeAll(async () => {
    port = await freePort()
    const instance = async (version: string): Promise<{ version: string; port: number }> => {
      const backend = await startBackend({ name: version })
      backends.push(backend)
      return { version, port: backend.port }
    }
    const reviews = [await instance('v1'), await instance('v2'), await instance('v3')]
    const ratings = [await instance('v1')]
    served = await serve({
      'registry.yaml': `${serviceEntry('reviews', reviews, { port })}\n---\n${serviceEntry('ratings', ratings, { port })}`,
      'mesh.yaml': await mesh('reviews.all-v1'),
    })
    envoy = await startAdsEnvoy({ binary: binary ?? '', xds: served.xds, protocol, node })
    await until(async () => (await call('reviews')).status === 200, 20_000)
    atRest = await activeClusters()
  })

  afterAll(async () => {
    await envoy?.close()
    await served?.close()
    for (const backend of backends.splice(0)) await backend.close()
  })

  async function activeClusters(): Promise<number> {
    return (await envoy.stats(/^cluster_manager\.active_clusters$/)).values().next().value ?? 0
  }

  async function call(host: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const url = `http://127.0.0.1:${port}/${host}/0`
    const response = await request(url, { headers: { host: `${host}:${port}`, ...headers } })
    await response.body.dump()
    return { status: response.statusCode, backend: String(response.headers['x-backend'] ?? '') }
  }

  async function seen(count: number, headers: Readonly<Record<string, string>> = {}): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (let index = 0; index < count; index++) {
      const { status, backend } = await call('reviews', headers)
      const key = status === 200 ? backend : String(status)
      counts[key] = (counts[key] ?? 0) + 1
    }
    return counts
  }

  async function becomes(name: string, text: string, check: () => Promise<boolean>): Promise<number> {
    const start = performance.now()
    await served.write(name, text)
    await until(check, 20_000)
    return performance.now() - start
  }

  const answeredBy =
    (version: string, headers = {}): (() => Promise<boolean>) =>
    async () =>
      (await call('reviews', headers)).backend === version

  test('everybody gets reviews v1', async () => {
    await becomes('mesh.yaml', await mesh('reviews.all-v1'), answeredBy('v1'))
    expect(await seen(30)).toEqual({ v1: 30 })
  })

  test('jason gets v2, everybody else v3', async () => {
    await becomes('mesh.yaml', await mesh('reviews.jason'), answeredBy('v3'))
    expect(await seen(20, { 'end-user': 'jason' })).toEqual({ v2: 20 })
    expect(await seen(20)).toEqual({ v3: 20 })
  })

  test('weights are shares', async () => {
    await becomes('mesh.yaml', await mesh('reviews.75-25'), answeredBy('v2'))
    const { v1 = 0, v2 = 0 } = await seen(400)
    expect(v1 + v2).toBe(400)
    // five standard deviations
    expect(Math.abs(v1 - 300)).toBeLessThan(44)
  })

  test('faults and timeouts happen', async () => {
    const failed = async (): Promise<boolean> => (await call('ratings', { 'end-user': 'jason' })).status === 500
    await becomes('ratings.yaml', await step('ratings.abort'), failed)
    expect((await call('ratings')).status).toBe(200)
    const ratings = backends[3] as Backend
    await becomes('ratings.yaml', await step('ratings.timeout'), async () => !(await failed()))
    ratings.answerNext({ instead: 'hang' })
    expect((await call('ratings')).status).toBe(504)
  })

  test('a document that changes is in force within a second', async () => {
    const times: number[] = []
    for (const [variant, version] of [
      ['reviews.all-v1', 'v1'],
      ['reviews.jason', 'v3'],
      ['reviews.all-v1', 'v1'],
    ] as const)
      times.push(await becomes('mesh.yaml', await mesh(variant), answeredBy(version)))
    // the machine may be busy once, but not always
    expect(Math.min(...times)).toBeLessThan(1000)
  })

  test('O1 calls go on while clusters come and go and routes move to them: none fails', async () => {
    await becomes('mesh.yaml', await mesh('reviews.all-v1'), answeredBy('v1'))
    let going = true
    const answers: Answer[] = []
    const load = (async () => {
      while (going) answers.push(await call('reviews'))
    })()
    for (const [subset, version] of [
      ['fresh', 'v2'],
      ['other', 'v3'],
      ['fresh', 'v1'],
    ] as const)
      await becomes('mesh.yaml', await mesh('reviews.all-v1', { subset, version }), answeredBy(version))
    await becomes('mesh.yaml', await mesh('reviews.all-v1'), async () => (await activeClusters()) === atRest)
    going = false
    await load
    expect(answers.length).toBeGreaterThan(20)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  })

  test('an instance more and one less are followed', async () => {
    await becomes('mesh.yaml', await mesh('reviews.all-v1'), answeredBy('v1'))
    const spare = await startBackend({ name: 'spare' })
    backends.push(spare)
    const [v1, v2, v3] = backends as [Backend, Backend, Backend]
    const registry = (first: readonly { version: string; port: number }[]): string =>
      serviceEntry('reviews', [...first, { version: 'v2', port: v2.port }, { version: 'v3', port: v3.port }], { port })
    const both = [
      { version: 'v1', port: v1.port },
      { version: 'v1', port: spare.port },
    ]
    await becomes('registry.yaml', registry(both), answeredBy('spare'))
    await becomes('registry.yaml', registry(both.slice(1)), async () => {
      const { v1: old = 0 } = await seen(6)
      return old === 0
    })
  })

  test('nothing was refused, by Envoy’s count and by ours', async () => {
    const rejected = await envoy.stats(/update_rejected$/)
    expect([...rejected.keys()].length).toBeGreaterThan(3)
    expect([...rejected].filter(([, count]) => count > 0)).toEqual([])
    expect(await served.nacks()).toMatchObject({ total: 0, last: [] })
    const [connected] = (await envoy.stats(/^control_plane\.connected_state$/)).values()
    expect(connected).toBe(1)
  })
})

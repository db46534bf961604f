// Views: one translation and one encoding for clients that are alike, told in turn, forgotten when nobody looks.
import { VirtualClock } from '@proxyless/core/spi'
import { Reader, type Reading } from '@proxyless/istio'
import type { EncodedConfig, EncodedResource, Encoder } from '@proxyless/xds'
import { beforeEach, expect, test } from 'vitest'
import type { ResourceSets } from '../ads/resource-set.ts'
import type { Dialect } from './client.ts'
import type { ViewListener } from './view.ts'
import { Views } from './views.ts'

let clock: VirtualClock
let reader: Reader
let views: Views
let encodings: number
let failures: unknown[]

beforeEach(() => {
  clock = new VirtualClock()
  encodings = 0
  failures = []
  const regex = { compile: () => ({ matches: () => false, replaceAll: (text: string) => text }) }
  reader = new Reader({ clock, regex, defaultNamespace: 'default' })
  views = new Views({
    clock,
    reader,
    encoder,
    pause: async () => undefined,
    failed: (error) => void failures.push(error),
  })
})

/** Names of clusters, each with its number of endpoints as version. */
function encoder(dialect: Dialect): Encoder {
  let last: EncodedConfig | undefined
  return {
    encode: (config) => {
      encodings++
      const cluster = new Map<string, EncodedResource>()
      for (const [name, { discovery }] of config.clusters) {
        if (name.includes('broken')) throw new Error('cannot be encoded')
        const count = discovery.kind === 'originalDestination' ? 0 : discovery.endpoints.length
        cluster.set(name, { name, version: `${count} ${dialect}`, any: new Uint8Array() })
      }
      const none = last?.route ?? new Map<string, EncodedResource>()
      return (last = { cluster, endpoints: none, listener: none, route: none })
    },
  }
}

const entry = (name: string, endpoints = 1, spec: object = {}): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, namespace: 'shop' },
  spec: {
    hosts: [`${name}.example`],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: Array.from({ length: endpoints }, (_, index) => ({ address: `10.0.0.${index + 1}` })),
    ...spec,
  },
})

function read(...documents: readonly object[]): Promise<Reading> {
  return reader.read([{ name: 'mesh.json', text: documents.map((each) => JSON.stringify(each)).join('\n---\n') }])
}

interface Listening extends ViewListener {
  readonly offers: ResourceSets[]
}

function listener(dialect: Dialect = 'sidecar'): Listening {
  const offers: ResourceSets[] = []
  return { dialect, offers, offer: (sets) => void offers.push(sets) }
}

const namesOf = (sets: ResourceSets | undefined): string[] =>
  [...(sets?.cluster.listed.keys() ?? [])].filter((name) => name.includes('example'))
const shop = { namespace: 'shop', labels: { app: 'web' } }

test('clients of one workload share one view, one translation and one encoding', async () => {
  await views.update(await read(entry('a')))
  const [one, two] = [listener(), listener()]
  const view = views.of(shop)
  expect(views.of({ ...shop, labels: { ...shop.labels } })).toBe(view)
  expect(await view.join(one)).toBe(await view.join(two))
  expect(encodings).toBe(1)
  await views.update(await read(entry('a'), entry('b')))
  expect(encodings).toBe(2)
  expect(one.offers).toHaveLength(1)
  expect(one.offers[0]).toBe(two.offers[0])
  expect(namesOf(one.offers[0])).toHaveLength(2)
})

test('each dialect is encoded for itself, from one translation', async () => {
  await views.update(await read(entry('a')))
  const view = views.of(shop)
  const sidecar = await view.join(listener('sidecar'))
  const api = await view.join(listener('api'))
  expect(namesOf(sidecar)).toEqual(namesOf(api))
  expect([...api.cluster.listed.values()][0]?.version).toContain('api')
  expect(view.dialects).toEqual(['sidecar', 'api'])
})

test('another workload sees what it may see', async () => {
  await views.update(await read(entry('a'), entry('own', 1, { exportTo: ['.'] })))
  expect(namesOf(await views.of(shop).join(listener()))).toHaveLength(2)
  expect(namesOf(await views.of({ namespace: 'other', labels: {} }).join(listener()))).toHaveLength(1)
})

test('what labels and locality decide is decided for each workload: Sidecar, sourceLabels, failover', async () => {
  const sidecar = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 'narrow', namespace: 'shop' },
    spec: { workloadSelector: { labels: { app: 'narrow' } }, egress: [{ hosts: ['./a.example'] }] },
  }
  const routes = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'a', namespace: 'shop' },
    spec: {
      hosts: ['a.example'],
      http: [
        { match: [{ sourceLabels: { app: 'web' } }], directResponse: { status: 418 } },
        { directResponse: { status: 204 } },
      ],
    },
  }
  const rule = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'a', namespace: 'shop' },
    spec: { host: 'a.example', trafficPolicy: { outlierDetection: {} } },
  }
  const endpoints = ['r1', 'r2'].map((region) => ({ address: `10.0.0.${region[1]}`, locality: `${region}/z/s` }))
  await views.update(await read(entry('a', 1, { endpoints }), entry('b'), sidecar, routes, rule))
  const of = async (app: string, region: string): Promise<[hosts: string[], status: unknown, first: unknown]> => {
    const workload = { namespace: 'shop', labels: { app }, locality: { region, zone: 'z', subzone: 's' } }
    await views.of(workload).join(listener())
    const { virtualHosts, clusters } = views.of(workload).config!
    const { action } = virtualHosts[0]!.routes[0]!
    const { discovery } = clusters.get('outbound|80||a.example')!
    const nearest = discovery.kind === 'originalDestination' ? [] : discovery.endpoints
    return [
      virtualHosts.map(({ name }) => name),
      action.kind === 'directResponse' ? action.status : undefined,
      nearest.filter(({ priority }) => priority === 0).map(({ address }) => address),
    ]
  }
  const both = ['a.example:80', 'b.example:80']
  expect(await of('web', 'r1')).toEqual([both, 418, ['10.0.0.1']])
  expect(await of('other', 'r2')).toEqual([both, 204, ['10.0.0.2']])
  expect(await of('narrow', 'r1')).toEqual([['a.example:80'], 204, ['10.0.0.1']])
})

test('a kind that did not change keeps its version', async () => {
  await views.update(await read(entry('a')))
  const first = await views.of(shop).join(listener())
  const told = listener()
  await views.of(shop).join(told)
  await views.update(await read(entry('a', 2)))
  expect(told.offers[0]?.route.version).toBe(first.route.version)
  expect(told.offers[0]?.cluster.version).not.toBe(first.cluster.version)
})

test('what cannot be encoded costs nobody what there was, and is told', async () => {
  await views.update(await read(entry('a')))
  const told = listener()
  await views.of(shop).join(told)
  await views.update(await read(entry('broken')))
  expect(failures).toMatchObject([{ message: 'cannot be encoded' }])
  expect(told.offers).toEqual([])
  await views.update(await read(entry('a'), entry('b')))
  expect(namesOf(told.offers[0])).toHaveLength(2)
})

test('a view that nobody looks at is forgotten after a minute, unless somebody comes back', async () => {
  await views.update(await read(entry('a')))
  const told = listener()
  const view = views.of(shop)
  await view.join(told)
  view.leave(told)
  views.released(view)
  clock.advance(59_999)
  expect(views.of(shop)).toBe(view)
  views.released(view)
  clock.advance(60_000)
  expect(views.all()).toEqual([])
  expect(views.of(shop)).not.toBe(view)
})

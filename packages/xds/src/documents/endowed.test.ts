// What of a cluster is the documents' to say, and what the server's.
import type { Cluster, Endpoint, LocalityBalancing, LocalityWeight, MeshConfig } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import type { EndpointsResource } from '../decode/resources.ts'
import type { Cache } from '../resolve/cache.ts'
import { Endowed } from './endowed.ts'

const locality = { region: 'r', zone: 'z', subzone: '' }
const weights: readonly LocalityWeight[] = [{ locality, priority: 0, weight: 3 }]
const endpoints = [{ address: '127.0.0.1', port: 1, locality }] as unknown as readonly Endpoint[]

const assigned = (more: Partial<EndpointsResource> = {}): EndpointsResource => ({
  name: 'a',
  notes: [],
  endpoints,
  weights,
  overprovisioningFactor: undefined,
  drops: [],
  ...more,
})

function endowed(localities: LocalityBalancing | undefined, assignment: EndpointsResource): Cluster | undefined {
  const entry = { state: 'acked', error: undefined, known: { value: assignment } } as never
  const cache: Cache = { entry: () => entry, entries: () => new Map([['a', entry]]), heard: () => true }
  const cluster = {
    name: 'a',
    discovery: { kind: 'static', endpoints: [] },
    ...(localities === undefined ? {} : { localities }),
  }
  const config = { version: '1', clusters: new Map([['a', cluster]]), problems: [] } as unknown as MeshConfig
  const subject = new Endowed(cache)
  subject.take(config)
  return subject.config(new Set(), [])?.clusters.get('a')
}

test('localities share by the weights of the server where the documents say that they share', () => {
  const discovery = { kind: 'static', endpoints }
  expect(endowed({ kind: 'weighted', weights: [] }, assigned())).toEqual({
    name: 'a',
    discovery,
    localities: { kind: 'weighted', weights },
  })
  expect(endowed(undefined, assigned())).toEqual({ name: 'a', discovery })
  expect(endowed({ kind: 'weighted', weights }, assigned({ weights: [] }))).toEqual({ name: 'a', discovery })
})

test('what only the server says is added', () => {
  const drops = [{ category: 'c', percent: { numerator: 1, denominator: 100 } }]
  const more = { overprovisioningFactor: 2, drops } as unknown as Partial<EndpointsResource>
  expect(endowed(undefined, assigned(more))).toMatchObject({ overprovisioningFactor: 2, drops })
})

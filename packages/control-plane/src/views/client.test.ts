// Who a client is, by the words of Istio's proxies, of gRPC, and of anybody.
import type { ClientNode } from '@proxyless/xds'
import { describe, expect, test } from 'vitest'
import { clientOf, keyOf } from './client.ts'

const node = (more: Partial<ClientNode> = {}): ClientNode => ({
  id: 'n1',
  cluster: '',
  metadata: {},
  locality: { region: '', zone: '', subzone: '' },
  userAgent: '',
  features: [],
  ...more,
})
const wildcard = { kind: 'cluster', names: [] }
const workloadOf = (more: Partial<ClientNode>): object => clientOf(node(more), wildcard).workload

describe('the workload', () => {
  test('of a proxy of Istio: what its metadata says', () => {
    const metadata = {
      NAMESPACE: 'shop',
      LABELS: { app: 'web', version: 'v1', odd: 7 },
      CLUSTER_ID: 'c1',
      NETWORK: 'n1',
      SERVICE_ACCOUNT: 'web',
    }
    const id = 'sidecar~10.0.0.1~web-0.other~other.svc.cluster.local'
    const locality = { region: 'r', zone: 'z', subzone: 's' }
    expect(workloadOf({ id, metadata, locality })).toEqual({
      namespace: 'shop',
      labels: { app: 'web', version: 'v1' },
      cluster: 'c1',
      network: 'n1',
      serviceAccount: 'web',
      locality,
    })
  })

  test.each([
    ['sidecar~10.0.0.1~web-0.shop~shop.svc.cluster.local', 'shop'],
    ['sidecar~10.0.0.1~web-0~shop.svc.cluster.local', 'shop'],
    ['any-name', 'default'],
  ])('of the id %s alone: its namespace, %s', (id, namespace) => {
    expect(workloadOf({ id })).toEqual({ namespace, labels: {} })
  })

  test('its locality by the label where the node has none', () => {
    const metadata = { LABELS: { 'istio-locality': 'r.z.s' } }
    expect(workloadOf({ metadata })).toMatchObject({ locality: { region: 'r', zone: 'z', subzone: 's' } })
  })

  test('is the same for two clients that differ in nothing that documents can see', () => {
    const key = (more: Partial<ClientNode>): string => keyOf(clientOf(node(more), wildcard).workload)
    const labels = { metadata: { NAMESPACE: 'shop', LABELS: { a: '1', b: '2' } } }
    expect(key({ id: 'one', ...labels })).toBe(
      key({ id: 'two', metadata: { LABELS: { b: '2', a: '1' }, NAMESPACE: 'shop' } }),
    )
    expect(key(labels)).not.toBe(key({ metadata: { NAMESPACE: 'shop', LABELS: { a: '1' } } }))
    expect(key(labels)).not.toBe(key({ ...labels, locality: { region: 'r', zone: '', subzone: '' } }))
  })
})

describe('the dialect', () => {
  test.each([
    ['that of gRPC where the metadata says so', { metadata: { GENERATOR: 'grpc' } }, wildcard, 'api'],
    [
      'that of gRPC for whoever begins with listeners by name',
      {},
      { kind: 'listener', names: ['reviews:9080'] },
      'api',
    ],
    ['that of gRPC for whoever begins with clusters by name, again', {}, { kind: 'cluster', names: ['c'] }, 'api'],
    [
      'that of gRPC for its user agents, whatever comes first on a stream that follows another',
      { userAgent: 'gRPC Go 1.85.0' },
      { kind: 'endpoints', names: ['c'] },
      'api',
    ],
    ['a sidecar’s for whoever begins with all listeners', {}, { kind: 'listener', names: [] }, 'sidecar'],
    ['a sidecar’s for whoever says all explicitly', {}, { kind: 'listener', names: ['*'] }, 'sidecar'],
    ['a sidecar’s for whoever begins with clusters', {}, wildcard, 'sidecar'],
    [
      'a sidecar’s for whoever begins with all clusters and some by name',
      {},
      { kind: 'cluster', names: ['*', 'c'] },
      'sidecar',
    ],
  ])('is %s', (_, more, first, dialect) => {
    expect(clientOf(node(more), first).dialect).toBe(dialect)
  })
})

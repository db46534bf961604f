// The server's end of ADS against the generated codecs, which are the protocol's own.
import { expect, test } from 'vitest'
import { nodeMessage } from '../node.ts'
import { DeltaDiscoveryResponse, DiscoveryResponse } from '../generated/envoy/service/discovery/v3/discovery.ts'
import { Any } from '../generated/google/protobuf/any.ts'
import { TYPE_URLS } from '../stream/kinds.ts'
import { Delta } from '../stream/delta.ts'
import { StateOfTheWorld } from '../stream/sotw.ts'
import { readDeltaRequest, readSotwRequest } from './requests.ts'
import { ADS_METHODS, writeDeltaResponse, writeSotwResponse } from './responses.ts'

const node = nodeMessage({
  id: 'n1',
  cluster: 'c',
  locality: { region: 'r', zone: 'z', subZone: 's' },
  metadata: { NAMESPACE: 'default' },
})

const body = { typeUrl: TYPE_URLS.cluster, value: new Uint8Array([10, 1, 97]) }
const resource = { name: 'a', any: Any.encode(body).finish(), version: 'h1' }

test('T1 requests of the client in the state of the world are read whole', () => {
  const client = new StateOfTheWorld(node)
  client.opened()
  const request = readSotwRequest(client.request('cluster', new Set(['b', 'a']))!)
  expect(client.method).toBe(ADS_METHODS.sotw)
  expect(request).toMatchObject({
    typeUrl: TYPE_URLS.cluster,
    kind: 'cluster',
    names: ['a', 'b'],
    version: '',
    nonce: '',
    error: undefined,
  })
  expect(request.node).toMatchObject({
    id: 'n1',
    cluster: 'c',
    metadata: { NAMESPACE: 'default' },
    locality: { region: 'r', zone: 'z', subzone: 's' },
  })
  expect(request.node?.userAgent).toMatch(/^proxyless \d/)
  const bytes = writeSotwResponse({ kind: 'cluster', nonce: '7', version: 'v', resources: [resource] })
  const refusal = client.answer('cluster', client.read(bytes), new Set(['a']), 'no')
  expect(readSotwRequest(refusal)).toMatchObject({
    node: undefined,
    nonce: '7',
    error: 'no',
    names: ['a'],
    version: '',
  })
})

test('D1 D3 requests of the client in delta are read whole', () => {
  const client = new Delta(node)
  client.opened()
  const known = (): ReadonlyMap<string, string> => new Map([['a', 'h1']])
  expect(client.method).toBe(ADS_METHODS.delta)
  expect(readDeltaRequest(client.request('route', new Set(['a', 'b']), known)!)).toMatchObject({
    kind: 'route',
    subscribe: ['a', 'b'],
    unsubscribe: [],
    initialVersions: known(),
    nonce: '',
  })
  const change = client.request('route', new Set(['b', 'c']), known)!
  expect(readDeltaRequest(change)).toMatchObject({ node: undefined, subscribe: ['c'], unsubscribe: ['a'] })
})

test('responses are what the generated codecs read', () => {
  const said = { kind: 'cluster', nonce: '7', version: 'v', resources: [resource] } as const
  expect(DiscoveryResponse.decode(writeSotwResponse(said))).toMatchObject({
    typeUrl: TYPE_URLS.cluster,
    nonce: '7',
    versionInfo: 'v',
    resources: [body],
  })
  expect(DeltaDiscoveryResponse.decode(writeDeltaResponse({ ...said, removed: ['x', 'y'] }))).toMatchObject({
    typeUrl: TYPE_URLS.cluster,
    nonce: '7',
    systemVersionInfo: 'v',
    resources: [{ name: 'a', version: 'h1', resource: body }],
    removedResources: ['x', 'y'],
  })
})

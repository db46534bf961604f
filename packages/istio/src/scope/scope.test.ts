// What a client sees, and under which names.
import { describe, expect, test } from 'vitest'
import { REVIEWS, bookinfo, clustersOf, document, hostOf, service, virtualService } from '../bookinfo.suite.ts'

describe('scope', () => {
  test('C020: names of a service depend on the namespace of the caller', async () => {
    const near = hostOf(await bookinfo([]), `${REVIEWS}:9080`)
    const names = [REVIEWS, `${REVIEWS}.`, 'reviews.bookinfo.svc', 'reviews.bookinfo']
    expect(near.domains).toEqual([...names, 'reviews'])
    const far = await bookinfo([], { workload: { namespace: 'other', labels: {} } })
    expect(hostOf(far, `${REVIEWS}:9080`).domains).toEqual(names)
  })

  test('C021, C022: unknown hosts pass through, or are blocked under REGISTRY_ONLY', async () => {
    expect((await bookinfo([])).unknownHosts.kind).toBe('passthrough')
    const blocked = await bookinfo([], { meshConfig: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } })
    expect(blocked.unknownHosts).toEqual({
      kind: 'block',
      origin: { resource: 'MeshConfig', path: 'outboundTrafficPolicy' },
    })
  })

  test('a MeshConfig document overrides the options', async () => {
    const config = await bookinfo([
      'kind: MeshConfig\npathNormalization: {normalization: MERGE_SLASHES}\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n',
    ])
    expect(config).toMatchObject({ pathNormalization: 'mergeSlashes', unknownHosts: { kind: 'block' } })
  })

  test('an empty outboundTrafficPolicy of a Sidecar means REGISTRY_ONLY', async () => {
    const config = await bookinfo([
      document('Sidecar', 'default', 'outboundTrafficPolicy: {}\negress: [{hosts: ["*/*"]}]'),
    ])
    expect(config.unknownHosts.kind).toBe('block')
  })

  test('a Sidecar may send unknown traffic to an egress proxy', async () => {
    const spec =
      'egress: [{hosts: ["*/*"]}]\noutboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: other.other.svc.cluster.local, port: {number: 80}}}'
    const config = await bookinfo([document('Sidecar', 'default', spec)])
    expect(config.unknownHosts).toMatchObject({
      kind: 'cluster',
      cluster: 'outbound|80||other.other.svc.cluster.local',
    })
  })

  test('C024: a Sidecar hides what it does not name, but not destinations of VirtualServices it imports', async () => {
    const sidecar = document('Sidecar', 'default', 'egress: [{hosts: ["./*", "istio-system/*"]}]')
    const without = await bookinfo([sidecar])
    expect(without.clusters.has('outbound|80||other.other.svc.cluster.local')).toBe(false)
    const spec = 'hosts: [reviews]\nhttp:\n- route: [{destination: {host: other.other.svc.cluster.local}}]'
    const config = await bookinfo([sidecar, virtualService('r', spec)])
    expect(config.clusters.has('outbound|80||other.other.svc.cluster.local')).toBe(true)
    expect(clustersOf(hostOf(config, `${REVIEWS}:9080`))).toEqual(['outbound|80||other.other.svc.cluster.local'])
  })

  test('C026: a service that is not exported is unknown', async () => {
    const hidden = service('other', 'hidden', [['http', 80]]).replace(
      'metadata: {',
      'metadata: {annotations: {networking.istio.io/exportTo: "."}, ',
    )
    const config = await bookinfo([hidden])
    expect(config.virtualHosts.some(({ name }) => name.startsWith('hidden'))).toBe(false)
  })

  test('strictSidecarPorts looks for the request port first', async () => {
    const spec = 'hosts: [bookinfo.com]\nhttp:\n- route: [{destination: {host: reviews}}]'
    const config = await bookinfo([virtualService('b', spec)], { strictSidecarPorts: true })
    const host = hostOf(config, 'bookinfo.com:80')
    expect(host.port).toBe(80)
    expect(clustersOf(host)).toEqual([`outbound|80||${REVIEWS}`])
  })

  test('httpsAsL7 decides whether http rules hold for https ports', async () => {
    const entry = document(
      'ServiceEntry',
      'ext',
      'hosts: [ext.test]\nports: [{number: 443, name: https, protocol: HTTPS}]\nresolution: DNS',
    )
    const rules = virtualService(
      'ext',
      'hosts: [ext.test]\nhttp:\n- {name: mine, timeout: 1s, route: [{destination: {host: ext.test}}]}',
    )
    expect(hostOf(await bookinfo([entry, rules]), 'ext.test:443').routes[0]?.name).toBe('mine')
    const exact = hostOf(await bookinfo([entry, rules], { httpsAsL7: false }), 'ext.test:443')
    expect(exact.routes[0]).toMatchObject({ name: 'default', action: { timeoutMs: 0 } })
  })
})

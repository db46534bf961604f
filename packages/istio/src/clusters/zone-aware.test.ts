// zoneAwareLbSetting of Istio 1.31: the region first, the zones by Envoy's zone aware routing.
import { describe, expect, test } from 'vitest'
import type { Cluster } from '@proxyless/core/spi'
import { bookinfo, clusterOf, destinationRule, document, problemsOf } from '../bookinfo.suite.ts'
import type { IstioOptions } from '../options.ts'

const HOST = 'local.example'
const client: Partial<IstioOptions> = {
  workload: { namespace: 'bookinfo', labels: { app: 'c' }, locality: { region: 'r1', zone: 'z1', subzone: '' } },
}

function entry(name: string, places: readonly string[], more = ''): string {
  const list = places.map((place, i) => `- {address: 10.0.9.${i + 1}, locality: ${place}}`).join('\n')
  const spec = `hosts: [${name}.example]\nports: [{number: 80, name: http, protocol: HTTP}]\nresolution: STATIC\n${more}`
  return document('ServiceEntry', name, places.length === 0 ? spec : `${spec}endpoints:\n${list}`)
}

function peer(name: string, zone: string): string {
  return document('WorkloadEntry', name, `address: ${name}\nlabels: {app: c}\nlocality: r1/${zone}`)
}

const target = entry('local', ['r1/z1', 'r1/z2', 'r2/z1', 'r3/z1'])
const peers = [
  entry('own', [], 'workloadSelector: {labels: {app: c}}\n'),
  peer('10.0.0.1', 'z1'),
  peer('10.0.0.2', 'z1'),
  peer('10.0.0.3', 'z2'),
]

async function placed(setting: string, documents = [target, ...peers], more = client): Promise<Cluster> {
  const rule = destinationRule(
    'local',
    `host: ${HOST}\ntrafficPolicy: {loadBalancer: {zoneAwareLbSetting: ${setting}}}`,
  )
  return clusterOf(await bookinfo([...documents, rule], more), `outbound|80||${HOST}`)
}

const priorities = ({ discovery }: Cluster): number[] =>
  discovery.kind === 'originalDestination' ? [] : discovery.endpoints.map(({ priority }) => priority)

describe('zone aware routing', () => {
  test('takes the region first, without outlier detection, and zones as its own kind is spread', async () => {
    const cluster = await placed('{enabled: true}')
    expect(priorities(cluster)).toEqual([0, 0, 1, 1])
    expect(cluster.localities).toEqual({
      kind: 'zoneAware',
      own: { region: 'r1', zone: 'z1', subzone: '' },
      clients: [
        { locality: { region: 'r1', zone: 'z1', subzone: '' }, count: 2 },
        { locality: { region: 'r1', zone: 'z2', subzone: '' }, count: 1 },
      ],
      minClusterSize: 6,
      routingEnabled: 1,
      failTrafficOnPanic: false,
    })
    expect(cluster.origins['localities']?.path).toBe('spec.trafficPolicy.loadBalancer.zoneAwareLbSetting')
  })

  test('orders other regions by failover and labels', async () => {
    const cluster = await placed('{enabled: true, minClusterSize: 1, failover: [{from: r1, to: r3}]}')
    expect(priorities(cluster)).toEqual([0, 0, 2, 1])
    expect(cluster.localities).toMatchObject({ minClusterSize: 1 })
  })

  test('is off unless enabled, and where the client is nowhere', async () => {
    expect((await placed('{enabled: false}')).localities).toBeUndefined()
    const nowhere = { workload: { namespace: 'bookinfo', labels: { app: 'c' } } }
    expect((await placed('{enabled: true}', [target, ...peers], nowhere)).localities).toBeUndefined()
  })

  test('of the mesh holds for rules that set neither setting', async () => {
    const mesh = { ...client, meshConfig: { zoneAwareLbSetting: { enabled: true } } }
    const config = await bookinfo([target, ...peers], mesh)
    expect(clusterOf(config, `outbound|80||${HOST}`).localities?.kind).toBe('zoneAware')
    const own = destinationRule('l', `host: ${HOST}\ntrafficPolicy: {loadBalancer: {localityLbSetting: {}}}`)
    const other = await bookinfo([target, ...peers, own], mesh)
    expect(clusterOf(other, `outbound|80||${HOST}`).localities).toBeUndefined()
  })

  test('says so when nobody knows how the clients are spread', async () => {
    const rule = destinationRule(
      'local',
      `host: ${HOST}\ntrafficPolicy: {loadBalancer: {zoneAwareLbSetting: {enabled: true}}}`,
    )
    const config = await bookinfo([target, rule], client)
    expect(problemsOf(config, 'ZONES_UNKNOWN')).toEqual([
      'warning DestinationRule bookinfo/local spec.trafficPolicy.loadBalancer.zoneAwareLbSetting',
    ])
  })

  test('and localityLbSetting exclude one another', async () => {
    const rule = destinationRule(
      'l',
      `host: ${HOST}\ntrafficPolicy: {loadBalancer: {localityLbSetting: {}, zoneAwareLbSetting: {enabled: true}}}`,
    )
    expect(problemsOf(await bookinfo([target, rule], client), 'CONFLICTING_FIELDS')).toEqual([
      'error DestinationRule bookinfo/l spec.trafficPolicy.loadBalancer',
    ])
  })
})

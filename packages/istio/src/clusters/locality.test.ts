// Where calls go by locality, SEMANTICS 6.8; slow start, 6.5.
import { describe, expect, test } from 'vitest'
import type { Cluster, Endpoint } from '@proxyless/core/spi'
import { bookinfo, clusterOf, destinationRule, document, problemsOf } from '../bookinfo.suite.ts'
import type { IstioOptions } from '../options.ts'

const HOST = 'local.example'
const client = (locality = 'r1/z1/s1', labels: Record<string, string> = {}): Partial<IstioOptions> => {
  const [region = '', zone = '', subzone = ''] = locality.split('/')
  return { workload: { namespace: 'bookinfo', labels, locality: { region, zone, subzone } } }
}

function entry(endpoints: readonly string[], annotations = ''): string {
  const list = endpoints.map((each, i) => `- {address: 10.0.0.${i + 1}, ${each}}`).join('\n')
  const text = document(
    'ServiceEntry',
    'local',
    `hosts: [${HOST}]\nports: [{number: 80, name: http, protocol: HTTP}]\nresolution: STATIC\nendpoints:\n${list}`,
  )
  return annotations === '' ? text : text.replace('name: local,', `name: local, annotations: {${annotations}},`)
}

const PLACES = ['r1/z1/s1', 'r1/z1/s2', 'r1/z2/s1', 'r2/z1/s1', 'r3/z1/s1']
const everywhere = entry(PLACES.map((place) => `locality: ${place}`))

async function placed(policy: string, more = client(), endpoints = everywhere): Promise<Cluster> {
  const rules = policy === '' ? [] : [destinationRule('local', `host: ${HOST}\ntrafficPolicy: ${policy}`)]
  return clusterOf(await bookinfo([endpoints, ...rules], more), `outbound|80||${HOST}`)
}

function endpointsOf({ discovery }: Cluster): readonly Endpoint[] {
  return discovery.kind === 'originalDestination' ? [] : discovery.endpoints
}

const priorities = (cluster: Cluster): number[] => endpointsOf(cluster).map(({ priority }) => priority)

describe('failover', () => {
  test('C115 without outlier detection there are no priorities', async () => {
    const cluster = await placed('')
    expect([priorities(cluster), cluster.localities]).toEqual([[0, 0, 0, 0, 0], undefined])
  })

  test('C116 with outlier detection the nearest come first, in one flat set each', async () => {
    const cluster = await placed('{outlierDetection: {}}')
    expect([priorities(cluster), cluster.localities]).toEqual([[0, 1, 2, 3, 3], undefined])
  })

  test('priorities that nobody has are closed up', async () => {
    const cluster = await placed('{outlierDetection: {}}', client('r2/z9'))
    expect(priorities(cluster)).toEqual([1, 1, 1, 0, 1])
  })

  test('a region that is said comes before all others', async () => {
    const policy = '{outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: r1, to: r3}]}}}'
    const cluster = await placed(policy)
    expect(priorities(cluster)).toEqual([0, 1, 2, 4, 3])
    expect(cluster.localities?.kind).toBe('weighted')
  })

  test('of another client it changes nothing', async () => {
    const policy = '{outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: r9, to: r3}]}}}'
    expect(priorities(await placed(policy))).toEqual([0, 1, 2, 3, 3])
  })

  test('without outlier detection it is warned of', async () => {
    const rule = destinationRule(
      'local',
      `host: ${HOST}\ntrafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: r1, to: r3}]}}}`,
    )
    const config = await bookinfo([everywhere, rule], client())
    expect(problemsOf(config, 'FAILOVER_WITHOUT_OD')).toEqual([
      'warning DestinationRule bookinfo/local spec.trafficPolicy.loadBalancer.localityLbSetting',
    ])
    expect(priorities(clusterOf(config, `outbound|80||${HOST}`))).toEqual([0, 0, 0, 0, 0])
  })

  test('a client that does not know its place has no priorities', async () => {
    const nowhere = { workload: { namespace: 'bookinfo', labels: {} } }
    expect(priorities(await placed('{outlierDetection: {}}', nowhere))).toEqual([0, 0, 0, 0, 0])
  })

  test("a client's place may stand in its labels", async () => {
    const labels = { 'topology.kubernetes.io/region': 'r1', 'topology.kubernetes.io/zone': 'z2' }
    const more = { workload: { namespace: 'bookinfo', labels } }
    expect(priorities(await placed('{outlierDetection: {}}', more))).toEqual([1, 1, 0, 2, 2])
  })
})

describe('failoverPriority', () => {
  const said = (labels: string, more = ''): string =>
    `{outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [${labels}]${more}}}}`
  const labelled = entry([
    'locality: r1/z1, labels: {version: v1, tier: a}',
    'locality: r1/z2, labels: {version: v1, tier: b}',
    'locality: r2/z1, labels: {version: v2, tier: a}',
  ])

  test('the first label that differs decides', async () => {
    const more = client('r1/z1', { version: 'v1', tier: 'a' })
    expect(priorities(await placed(said('version, tier'), more, labelled))).toEqual([0, 1, 2])
    expect(priorities(await placed(said('tier, version'), more, labelled))).toEqual([0, 2, 1])
  })

  test('labels of topology are those of the locality, and the network is the same', async () => {
    const topology = 'topology.istio.io/network, topology.kubernetes.io/region, topology.kubernetes.io/zone'
    expect(priorities(await placed(said(topology), client('r1/z1'), labelled))).toEqual([0, 1, 2])
  })

  test('a value that is said stands for the client', async () => {
    expect(priorities(await placed(said('version=v2'), client('r1/z1', { version: 'v1' }), labelled))).toEqual([
      1, 1, 0,
    ])
  })

  test('localities of one priority share by their endpoints', async () => {
    const { localities } = await placed(said('version=v1'), client(), labelled)
    expect(localities).toEqual({
      kind: 'weighted',
      weights: [
        { locality: { region: 'r1', zone: 'z1', subzone: '' }, priority: 0, weight: 1 },
        { locality: { region: 'r1', zone: 'z2', subzone: '' }, priority: 0, weight: 1 },
        { locality: { region: 'r2', zone: 'z1', subzone: '' }, priority: 1, weight: 1 },
      ],
    })
  })

  test('with failover the region counts within the labels', async () => {
    const policy = said('tier=a', ', failover: [{from: r1, to: r2}]')
    expect(priorities(await placed(policy, client('r1/z1'), labelled))).toEqual([0, 2, 1])
  })
})

describe('distribute', () => {
  const policy = (rules: string): string => `{loadBalancer: {localityLbSetting: {distribute: [${rules}]}}}`

  test('C117 shares by percent; who is not named gets nothing; no outlier detection is needed', async () => {
    const cluster = await placed(policy('{from: r1/z1/*, to: {"r1/z1/*": 80, "r1/z2/*": 20}}'))
    expect(endpointsOf(cluster).map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    expect(cluster.localities).toMatchObject({
      weights: [
        { locality: { zone: 'z1', subzone: 's1' }, weight: 40 },
        { locality: { zone: 'z1', subzone: 's2' }, weight: 40 },
        { locality: { zone: 'z2', subzone: 's1' }, weight: 20 },
      ],
    })
    expect(cluster.origins['localities']?.path).toBe('spec.trafficPolicy.loadBalancer.localityLbSetting')
  })

  test('a share is divided by the weights of endpoints, rounded up', async () => {
    const endpoints = entry(['locality: r1/z1, weight: 1', 'locality: r1/z2, weight: 2'])
    const cluster = await placed(policy('{from: r1, to: {r1: 100}}'), client(), endpoints)
    expect(cluster.localities).toMatchObject({ weights: [{ weight: 34 }, { weight: 67 }] })
  })

  test('where no rule is for the client localities share by their endpoints', async () => {
    const cluster = await placed(policy('{from: r9, to: {r1: 100}}'))
    expect(cluster.localities).toMatchObject({ weights: PLACES.map(() => ({ weight: 1 })) })
    expect(endpointsOf(cluster)).toHaveLength(5)
  })

  test('the first rule that is for the client counts', async () => {
    const cluster = await placed(policy('{from: r1/z1, to: {r2: 100}}, {from: r1/z2, to: {r3: 100}}'))
    expect(endpointsOf(cluster).map(({ address }) => address)).toEqual(['10.0.0.4'])
  })
})

describe('whose setting holds', () => {
  const mesh = (localityLbSetting: object): Partial<IstioOptions> => ({
    ...client(),
    meshConfig: { localityLbSetting },
  })

  test("the mesh's, where the rule has none", async () => {
    const on = mesh({ distribute: [{ from: 'r1', to: { r2: 100 } }] })
    expect(endpointsOf(await placed('', on))).toHaveLength(1)
    expect(priorities(await placed('{outlierDetection: {}}', mesh({ enabled: false })))).toEqual([0, 0, 0, 0, 0])
  })

  test("the rule's replaces it whole, or switches it off", async () => {
    const on = mesh({ distribute: [{ from: 'r1', to: { r2: 100 } }] })
    const rule = (setting: string): string => `{outlierDetection: {}, loadBalancer: {localityLbSetting: ${setting}}}`
    expect(priorities(await placed(rule('{enabled: true}'), on))).toEqual([0, 1, 2, 3, 3])
    expect(priorities(await placed(rule('{enabled: false}'), on))).toEqual([0, 0, 0, 0, 0])
  })

  test.each([
    ['PreferClose', [0, 0, 1, 2, 2]],
    ['PreferSameZone', [0, 0, 1, 2, 2]],
    ['PreferSameNode', [0, 1, 2, 3, 3]],
    ['Any', [0, 0, 0, 0, 0]],
  ])("a service's own preference %s needs no outlier detection", async (value, expected) => {
    const annotated = entry(
      PLACES.map((place) => `locality: ${place}, labels: {kubernetes.io/hostname: n1}`),
      `networking.istio.io/traffic-distribution: ${value}`,
    )
    const more = client('r1/z1/s1', { 'kubernetes.io/hostname': 'n1' })
    expect(priorities(await placed('', more, annotated))).toEqual(expected)
  })

  test('PreferSameNode of a Kubernetes Service goes by node', async () => {
    const config = await bookinfo(
      [
        'apiVersion: v1\nkind: Service\nmetadata: {name: near, namespace: bookinfo}\nspec: {trafficDistribution: PreferSameNode, ports: [{name: http, port: 80}]}\n',
        `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: near-1, namespace: bookinfo, labels: {kubernetes.io/service-name: near}}
addressType: IPv4
endpoints:
- {addresses: [10.0.0.1], nodeName: n2, zone: z1}
- {addresses: [10.0.0.2], nodeName: n1, zone: z1}
ports: [{name: http, port: 80}]
`,
      ],
      {
        workload: {
          namespace: 'bookinfo',
          labels: { 'kubernetes.io/hostname': 'n1', 'topology.kubernetes.io/zone': 'z1' },
        },
      },
    )
    expect(priorities(clusterOf(config, 'outbound|80||near.bookinfo.svc.cluster.local'))).toEqual([1, 0])
  })
})

test.each([
  ['{distribute: [{from: r1, to: {r1: 90}}]}', 'distribute[0].to'],
  ['{distribute: [{from: r1, to: {r1: 100, r2: 0}}]}', 'distribute[0].to'],
  ['{distribute: [{from: r1, to: {r1: 50, r1/z1: 50}}]}', 'distribute[0].to'],
  ['{distribute: [{from: "*/z1", to: {r1: 100}}]}', 'distribute'],
  ['{distribute: [{from: r1, to: {r1: 100}}, {from: r1/*, to: {r1: 100}}]}', 'distribute'],
  ['{distribute: [{from: r1/z1/s1/x, to: {r1: 100}}]}', 'distribute'],
  ['{distribute: [{from: r1, to: {r1: 100}}], failover: [{from: r1, to: r2}]}', ''],
  ['{failover: [{from: r1, to: r1}]}', 'failover[0]'],
  ['{failover: [{from: r1/z1, to: r2}]}', 'failover[0]'],
  ['{failover: [{from: r1, to: r2}], failoverPriority: [topology.kubernetes.io/zone]}', ''],
  ['{failoverPriority: [a, a]}', 'failoverPriority'],
])('%s is refused', async (setting, at) => {
  const rule = destinationRule('local', `host: ${HOST}\ntrafficPolicy: {loadBalancer: {localityLbSetting: ${setting}}}`)
  const { problems } = await bookinfo([everywhere, rule], client())
  const base = 'spec.trafficPolicy.loadBalancer.localityLbSetting'
  const paths = problems.filter(({ severity }) => severity === 'error').map(({ path }) => path)
  expect(paths).toContain(at === '' ? base : `${base}.${at}`)
})

describe('slow start', () => {
  test.each([
    ['{simple: ROUND_ROBIN, warmupDurationSecs: 30s}', { windowMs: 30_000, aggression: 1, minWeight: 0.1 }],
    [
      '{warmup: {duration: 1m, aggression: 2, minimumPercent: 50}}',
      { windowMs: 60_000, aggression: 2, minWeight: 0.5 },
    ],
    ['{simple: ROUND_ROBIN}', undefined],
  ])('%s', async (block, slowStart) => {
    expect((await placed(`{loadBalancer: ${block}}`)).slowStart).toEqual(slowStart)
  })

  test.each([
    '{warmup: {aggression: 2}}',
    '{warmup: {duration: 1s}, warmupDurationSecs: 1s}',
    '{warmup: {duration: 1s, aggression: 0.5}}',
  ])('%s is refused', async (block) => {
    const rule = destinationRule('local', `host: ${HOST}\ntrafficPolicy: {loadBalancer: ${block}}`)
    const { problems } = await bookinfo([everywhere, rule], client())
    expect(problems.filter(({ severity }) => severity === 'error')).toHaveLength(1)
  })
})

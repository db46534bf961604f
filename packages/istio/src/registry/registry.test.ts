// The registry: Kubernetes Services and EndpointSlices, ServiceEntries and WorkloadEntries.
import { describe, expect, test } from 'vitest'
import { addressesOf, clusterOf, document, hostOf, optionsFor, service } from '../bookinfo.suite.ts'
import { check } from '../mesh-source.ts'

async function load(...bodies: string[]): Promise<Awaited<ReturnType<typeof check>>['config']> {
  return (
    await check(
      bodies.map((text, index) => ({ name: `${index}`, text })),
      optionsFor(),
    )
  ).config
}

const slice = (body: string): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, namespace: bookinfo, labels: {kubernetes.io/service-name: s, endpointslice.kubernetes.io/managed-by: x, version: v1}}
addressType: IPv4
${body}`

describe('Kubernetes services', () => {
  test('a slice gives port, health, zone, name and labels', async () => {
    const config = await load(
      service('bookinfo', 's', [
        ['http', 80],
        ['grpc-api', 90],
      ]),
      slice(`ports: [{name: http, port: 8080}, {name: grpc-api, port: 9090}]
endpoints:
- {addresses: [10.0.0.1], conditions: {ready: true}, zone: z1, targetRef: {kind: Pod, name: pod-1}}
- {addresses: [10.0.0.2], conditions: {ready: false}}
- {addresses: [10.0.0.3], conditions: {ready: false, serving: true, terminating: true}}
- {addresses: [10.0.0.4, 10.0.1.4], conditions: {ready: true, serving: true, terminating: true}}
`),
    )
    const cluster = clusterOf(config, 'outbound|80||s.bookinfo.svc.cluster.local')
    const endpoints = cluster.discovery.kind === 'static' ? cluster.discovery.endpoints : []
    expect(endpoints[0]).toEqual({
      address: '10.0.0.1',
      port: 8080,
      weight: 1,
      health: 'healthy',
      labels: { version: 'v1' },
      locality: { region: '', zone: 'z1', subzone: '' },
      priority: 0,
      name: 'pod-1',
    })
    // 6.1: those that go away are left out; ready ones stay, which terminate only where nobody asks for readiness.
    expect(endpoints.map(({ address, health }) => [address, health])).toEqual([
      ['10.0.0.1', 'healthy'],
      ['10.0.0.2', 'unhealthy'],
      ['10.0.0.4', 'healthy'],
    ])
    expect(clusterOf(config, 'outbound|90||s.bookinfo.svc.cluster.local').protocol).toBe('http2')
  })

  test('cluster addresses are names of the service, UDP ports are left out', async () => {
    const config = await load(`apiVersion: v1
kind: Service
metadata: {name: s, namespace: bookinfo}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}
`)
    expect(hostOf(config, 's.bookinfo.svc.cluster.local:80').domains).toContain('10.96.0.1')
    expect(config.clusters.has('outbound|53||s.bookinfo.svc.cluster.local')).toBe(false)
  })

  test('ExternalName is resolved by DNS, pods of a headless service are called by name', async () => {
    const config = await load(
      service('bookinfo', 'ext', [['http', 80]], '  type: ExternalName\n  externalName: api.example.com\n'),
      service('bookinfo', 's', [['http', 80]], '  clusterIP: None\n'),
      slice('ports: [{name: http, port: 80}]\nendpoints: [{addresses: [10.0.0.1]}]\n'),
    )
    expect(addressesOf(clusterOf(config, 'outbound|80||ext.bookinfo.svc.cluster.local'))).toEqual(['api.example.com'])
    expect(addressesOf(clusterOf(config, 'outbound|80||s.bookinfo.svc.cluster.local'))).toEqual(['10.0.0.1'])
    expect(hostOf(config, '*.s.bookinfo.svc.cluster.local:80').domains).toContain('*.s.bookinfo')
    expect(clusterOf(config, 'outbound|80||*.s.bookinfo.svc.cluster.local').discovery.kind).toBe('originalDestination')
  })
})

describe('ServiceEntries', () => {
  test('endpoints are listed, selected or resolved', async () => {
    const entry = (host: string, rest: string): string =>
      document(
        'ServiceEntry',
        host.split('.')[0] ?? '',
        `hosts: [${host}]\nports: [{number: 80, name: http, protocol: HTTP}]\n${rest}`,
      )
    const config = await load(
      entry(
        'static.test',
        'resolution: STATIC\nendpoints: [{address: 10.0.0.1, ports: {http: 8080}, weight: 3, locality: r/z/s}]',
      ),
      entry('selected.test', 'resolution: STATIC\nworkloadSelector: {labels: {app: w}}'),
      document('WorkloadEntry', 'w', 'address: 10.0.0.9\nlabels: {app: w, version: a}'),
      entry('once.test', 'resolution: DNS_ROUND_ROBIN'),
      entry('none.test', 'resolution: NONE'),
    )
    const fixed = clusterOf(config, 'outbound|80||static.test').discovery
    expect(fixed).toMatchObject({
      endpoints: [{ port: 8080, weight: 3, locality: { region: 'r', zone: 'z', subzone: 's' } }],
    })
    expect(addressesOf(clusterOf(config, 'outbound|80||selected.test'))).toEqual(['10.0.0.9'])
    expect(clusterOf(config, 'outbound|80||once.test').discovery.kind).toBe('logicalDns')
    expect(clusterOf(config, 'outbound|80||none.test').discovery.kind).toBe('originalDestination')
  })

  test('two entries may share a host and differ in ports', async () => {
    const entry = (name: string, port: number): string =>
      document('ServiceEntry', name, `hosts: [x.test]\nports: [{number: ${port}, name: http-${port}}]\nresolution: DNS`)
    const config = await load(entry('a', 80), entry('b', 81))
    expect(['outbound|80||x.test', 'outbound|81||x.test'].every((name) => config.clusters.has(name))).toBe(true)
  })

  test.each([
    ['a wildcard host under DNS', 'hosts: ["*.x.test"]\nresolution: DNS'],
    ['a name under STATIC', 'hosts: [x.test]\nresolution: STATIC\nendpoints: [{address: name.test}]'],
    [
      'endpoints and a selector',
      'hosts: [x.test]\nresolution: STATIC\nendpoints: [{address: 10.0.0.1}]\nworkloadSelector: {labels: {a: b}}',
    ],
  ])('%s is refused', async (_name, spec) => {
    const { problems } = await load(document('ServiceEntry', 'x', spec))
    expect(problems).toMatchObject([{ severity: 'error', outcome: 'void' }])
  })
})

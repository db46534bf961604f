// What a Sidecar lets its clients see: SEMANTICS 2.10.
import { expect, test } from 'vitest'
import { bookinfo, document, hostOf, problemsOf, virtualService } from '../bookinfo.suite.ts'

const entry = (namespace: string, protocol = 'HTTP'): string =>
  document(
    'ServiceEntry',
    'x',
    `hosts: [x.test]\nports: [{number: 80, name: p, protocol: ${protocol}}]\nresolution: DNS`,
    namespace,
  )
const sidecar = (spec: string, namespace = 'bookinfo', name = 'default'): string =>
  document('Sidecar', name, spec, namespace)

test('2.10: of one host in several namespaces, only those that the Sidecar names compete', async () => {
  const config = await bookinfo([entry('first'), entry('second'), sidecar('egress: [{hosts: [second/*]}]')])
  expect(hostOf(config, 'x.test:80').origin.resource).toBe('ServiceEntry second/x')
})

test("2.10: of one host in several namespaces, the client's own wins, else the older", async () => {
  expect(hostOf(await bookinfo([entry('first'), entry('bookinfo')]), 'x.test:80').origin.resource).toBe(
    'ServiceEntry bookinfo/x',
  )
  expect(hostOf(await bookinfo([entry('first'), entry('second')]), 'x.test:80').origin.resource).toBe(
    'ServiceEntry first/x',
  )
})

test('2.10: mirrors and TCP routes make their services visible as destinations do', async () => {
  const config = await bookinfo([
    sidecar('egress: [{hosts: [./*]}]'),
    virtualService(
      'r',
      'hosts: [reviews]\nhttp:\n- route: [{destination: {host: reviews}}]\n  mirror: {host: other.other.svc.cluster.local}\ntcp:\n- route: [{destination: {host: a.svcns.svc.cluster.local}}]',
    ),
  ])
  expect(config.clusters.has('outbound|80||other.other.svc.cluster.local')).toBe(true)
  expect(config.clusters.has('outbound|80||a.svcns.svc.cluster.local')).toBe(true)
  expect(config.clusters.has('outbound|80||b.svcns.svc.cluster.local')).toBe(false)
})

test('2.10: a selecting Sidecar, a general one, then that of the root namespace', async () => {
  const root = sidecar('egress: [{hosts: [svcns/*]}]', 'istio-system')
  const general = sidecar('egress: [{hosts: [other/*]}]')
  const selecting = sidecar('workloadSelector: {labels: {app: c}}\negress: [{hosts: ["~/*"]}]', 'bookinfo', 'c')
  const services = async (...documents: string[]): Promise<string[]> => [
    ...new Set((await bookinfo(documents)).virtualHosts.map(({ name }) => name.split('.')[1] ?? '')),
  ]
  expect(await services(root)).toEqual(['svcns'])
  expect(await services(root, general)).toEqual(['other'])
  expect(await services(root, general, selecting)).toEqual([])
})

test('2.10: an entry for a port decides for that port, exclusions take away', async () => {
  const config = await bookinfo([
    sidecar('egress: [{port: {number: 8080}, hosts: ["~/*"]}, {hosts: ["*/*", "~svcns/b.svcns.svc.cluster.local"]}]'),
  ])
  const names = config.virtualHosts.map(({ name }) => name)
  expect(names).toContain('multi.bookinfo.svc.cluster.local:80')
  expect(names).not.toContain('multi.bookinfo.svc.cluster.local:8080')
  expect(names).toContain('a.svcns.svc.cluster.local:80')
  expect(names).not.toContain('b.svcns.svc.cluster.local:80')
})

test('0.2: ALLOW_ANY_DYNAMIC_DNS is a mode of the mesh, not of a Sidecar', async () => {
  const config = await bookinfo([sidecar('outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}')])
  expect(problemsOf(config, 'INVALID_VALUE')).toEqual([
    'error Sidecar bookinfo/default spec.outboundTrafficPolicy.mode',
  ])
})

// The documents of the seeds, beside services as Kubernetes has them: our side reads labels off slices, istiod off pods.
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExplainRequest } from 'proxyless'
import type { Fixture } from './fixtures.ts'

const folder = fileURLToPath(new URL('../../../packages/istio/fixtures/seeds/', import.meta.url))

/** All that the seeds speak of. */
const requests: readonly ExplainRequest[] = [
  { url: 'http://reviews:9080/' },
  { url: 'http://reviews:9080/', headers: { 'end-user': 'jason' } },
  { url: 'http://reviews:9080/ratings/v2/1', headers: { 'end-user': 'jason' } },
  { url: 'http://ratings:9080/ratings/1' },
  { url: 'http://my-svc:9080/' },
  { url: 'http://bookinfo.com/reviews' },
  { url: 'http://bookinfo.com/other' },
  { url: 'https://ext-svc.example.com/' },
  { url: 'http://other.other/' },
]

const versions: readonly (readonly [service: string, version: string])[] = [
  ['reviews', 'v1'],
  ['reviews', 'v2'],
  ['reviews', 'v3'],
  ['ratings', 'v1'],
  ['my-svc', 'v1'],
]

export function seeds(): Fixture[] {
  const services = [...new Set(versions.map(([service]) => service))]
  const registry = [
    ...services.flatMap((name) => [serviceOf(name), subsetsOf(name)]),
    ...versions.map((_, index) => sliceOf(index)),
  ]
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({
      id: `seed ${file.replace(/\.yaml$/, '')}`,
      registry: registry.join('\n---\n'),
      documents: readFileSync(folder + file, 'utf8'),
      options: {},
      requests,
    }))
}

function serviceOf(name: string): string {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 9080 }] }
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'bookinfo' }, spec })
}

function subsetsOf(name: string): string {
  const subsets = ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } }))
  const metadata = { name: `${name}-versions`, namespace: 'bookinfo' }
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata,
    spec: { host: name, subsets },
  })
}

/** The slice of one version, and the pod that is in it. */
function sliceOf(index: number): string {
  const [service, version] = versions[index] ?? ['', '']
  const name = `${service}-${version}`
  const address = `10.0.0.${index + 1}`
  const labels = { app: service, version }
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'bookinfo', labels: { 'kubernetes.io/service-name': service, ...labels } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: [address],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name, namespace: 'bookinfo' },
      },
    ],
    ports: [{ name: 'http', port: 9080, protocol: 'TCP' }],
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'bookinfo', labels },
    spec: { containers: [{ name: 'c', image: 'i' }] },
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
  return `${JSON.stringify(slice)}\n---\n${JSON.stringify(pod)}`
}

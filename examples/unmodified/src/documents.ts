// The documents of this mesh: jason gets version 2, everybody else version 1, whose calls are retried and whose dying instance is ejected.
import type { Instance, Services } from './services.ts'

export function documentsFor({ reviews, ratings }: Services): string {
  return [service('reviews', 80, 'HTTP', reviews), service('ratings', 9080, 'GRPC', ratings)].join('---\n')
}

function service(name: string, port: number, protocol: string, instances: readonly Instance[]): string {
  const endpoints = instances.map(
    (each) => `    - { address: 127.0.0.1, ports: { main: ${each.port} }, labels: { version: ${each.version} } }`,
  )
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: main, protocol: ${protocol} }]
  endpoints:
${endpoints.join('\n')}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name} }
spec:
  host: ${name}.example
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 3, interval: 1s, baseEjectionTime: 180s, maxEjectionPercent: 100 }
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  http:
    - match: [{ headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: ${name}.example, subset: v2 } }]
    - retries: { attempts: 2, retryOn: '5xx,unavailable' }
      route: [{ destination: { host: ${name}.example, subset: v1 } }]
`
}

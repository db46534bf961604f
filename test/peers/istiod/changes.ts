// Documents that change under a mesh, and how long it takes until calls go by them.
import { performance } from 'node:perf_hooks'
import { createMesh, type Mesh, xds } from 'proxyless'
import type { Backend } from '../../kit/backend.ts'
import { until } from '../../kit/until.ts'
import type { ControlPlane } from './plane/control-plane.ts'
import { caller, type Dialect, xdsOptions } from './sides.ts'

/** A mesh as an application makes it, in one of the dialects. */
export function meshOn(
  plane: ControlPlane,
  dialect: Dialect,
  protocol: 'sotw' | 'delta',
  hosts: readonly string[],
): Promise<Mesh> {
  return createMesh({ config: xds({ ...xdsOptions(plane, dialect, caller, hosts), protocol }) })
}

/** From when the API server has the change to when it shows, in ms. */
export async function timeToShow(change: Promise<unknown>, shows: () => boolean): Promise<number> {
  await change
  const start = performance.now()
  await until(shows, 30_000)
  return performance.now() - start
}

/** A Kubernetes Service `live` with one slice for each backend. */
export function liveService(backends: readonly Backend[]): string {
  const spec = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'live', namespace: 'bookinfo' }, spec }
  return [JSON.stringify(service), ...backends.map((backend) => liveSlice(backend, true))].join('\n---\n')
}

export function liveSlice({ name, host, port }: Backend, ready: boolean): string {
  return JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `live-${name}`, namespace: 'bookinfo', labels: { 'kubernetes.io/service-name': 'live' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready } }],
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  })
}

/** Which endpoints of a cluster calls may go to. */
export function usable(mesh: Mesh, cluster: string): string[] {
  const found = mesh.status().clusters.find(({ name }) => name === cluster)
  return (found?.endpoints ?? []).filter(({ excluded }) => excluded === null).map(({ address }) => address)
}

/** A service with a version for each backend, of which one gets all calls. */
export function splitService(backends: readonly Backend[], all: Backend): string {
  const document = (kind: string, spec: object): string =>
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind,
      metadata: { name: 'split', namespace: 'bookinfo' },
      spec,
    })
  const names = backends.map(({ name }) => name)
  return [
    document('ServiceEntry', {
      hosts: ['split.test'],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      endpoints: backends.map(({ name, host, port }) => ({
        address: host,
        ports: { http: port },
        labels: { version: name },
      })),
    }),
    document('DestinationRule', {
      host: 'split.test',
      subsets: names.map((name) => ({ name, labels: { version: name } })),
    }),
    document('VirtualService', {
      hosts: ['split.test'],
      http: [
        {
          route: names.map((subset) => ({
            destination: { host: 'split.test', subset },
            weight: subset === all.name ? 100 : 0,
          })),
        },
      ],
    }),
  ].join('\n---\n')
}

// What the tests of this package share: a regex engine, the services of SEMANTICS appendix A, and one-line checks.
import type { Cluster, ForwardAction, MeshConfig, Problem, RegexEngine, Route, VirtualHost } from '@proxyless/core/spi'
import { VirtualClock } from '@proxyless/core/spi'
import { RE2JS } from 're2js'
import { check } from './mesh-source.ts'
import type { IstioOptions } from './options.ts'

const re2: RegexEngine = {
  compile(pattern) {
    const compiled = RE2JS.compile(pattern)
    return {
      matches: (text) => compiled.matcher(text).matches(),
      replaceAll: (text, rewrite) => compiled.matcher(text).replaceAll(rewrite),
    }
  },
}

export function optionsFor(more: Partial<IstioOptions> = {}): IstioOptions {
  return { workload: { namespace: 'bookinfo', labels: { app: 'c' } }, regex: re2, clock: new VirtualClock(), ...more }
}

/** The services of appendix A. */
export const SERVICES: string = [
  service('bookinfo', 'reviews', [['http', 9080]]),
  slice('bookinfo', 'reviews', 'v1', '10.0.0.1', 'http', 9080),
  slice('bookinfo', 'reviews', 'v2', '10.0.0.2', 'http', 9080),
  slice('bookinfo', 'reviews', 'v3', '10.0.0.3', 'http', 9080),
  service('bookinfo', 'ratings', [['http', 9080]]),
  slice('bookinfo', 'ratings', 'v1', '10.0.1.1', 'http', 9080),
  service('bookinfo', 'multi', [
    ['http', 80],
    ['http-alt', 8080],
    ['grpc', 7070],
  ]),
  slice('bookinfo', 'multi', 'v1', '10.0.2.1', 'http', 80),
  service('other', 'other', [['http', 80]]),
  service('svcns', 'a', [['http', 80]]),
  service('svcns', 'b', [['http', 80]]),
].join('---\n')

export const SUBSETS = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: bookinfo}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
`

/** A VirtualService in namespace bookinfo; `spec` is YAML without indentation. */
export function virtualService(name: string, spec: string, namespace = 'bookinfo'): string {
  return document('VirtualService', name, spec, namespace)
}

export function destinationRule(name: string, spec: string, namespace = 'bookinfo'): string {
  return document('DestinationRule', name, spec, namespace)
}

export function document(kind: string, name: string, spec: string, namespace = 'bookinfo'): string {
  const body = spec.trim().replace(/^/gm, '  ')
  return `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec:\n${body}\n`
}

export function service(
  namespace: string,
  name: string,
  ports: readonly (readonly [string, number])[],
  extra = '',
): string {
  const list = ports.map(([port, number]) => `  - {name: ${port}, port: ${number}}\n`).join('')
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec:\n${extra}  ports:\n${list}`
}

export function slice(
  namespace: string,
  name: string,
  version: string,
  address: string,
  port: string,
  number: number,
): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-${version}
  namespace: ${namespace}
  labels: {kubernetes.io/service-name: ${name}, version: ${version}}
addressType: IPv4
endpoints: [{addresses: [${address}], conditions: {ready: true}}]
ports: [{name: ${port}, port: ${number}}]
`
}

/** The bookinfo services plus these documents. */
export async function bookinfo(documents: readonly string[], more: Partial<IstioOptions> = {}): Promise<MeshConfig> {
  const texts = [SERVICES, ...documents].map((text, index) => ({ name: `${index}.yaml`, text }))
  return (await check(texts, optionsFor(more))).config
}

export function hostOf(config: MeshConfig, name: string): VirtualHost {
  const host = config.virtualHosts.find((candidate) => candidate.name === name)
  if (host === undefined)
    throw new Error(`no virtual host ${name}: ${config.virtualHosts.map((h) => h.name).join(' ')}`)
  return host
}

export function forwardOf(route: Route | undefined): ForwardAction {
  if (route?.action.kind !== 'forward') throw new Error('not a forwarding route')
  return route.action
}

/** The first cluster of each route. */
export function clustersOf(host: VirtualHost): string[] {
  return host.routes.map((route) => forwardOf(route).clusters[0]?.cluster ?? '')
}

export function clusterOf(config: MeshConfig, name: string): Cluster {
  const cluster = config.clusters.get(name)
  if (cluster === undefined) throw new Error(`no cluster ${name}`)
  return cluster
}

export function addressesOf(cluster: Cluster): string[] {
  return cluster.discovery.kind === 'originalDestination'
    ? []
    : cluster.discovery.endpoints.map(({ address }) => address)
}

/** Problems of a code, as `severity resource path`. */
export function problemsOf(config: MeshConfig, code: string): string[] {
  return config.problems.filter((problem) => problem.code === code).map(describeProblem)
}

function describeProblem({ severity, resource, path }: Problem): string {
  return `${severity} ${resource} ${path}`
}

export const REVIEWS = 'reviews.bookinfo.svc.cluster.local'
export const RATINGS = 'ratings.bookinfo.svc.cluster.local'

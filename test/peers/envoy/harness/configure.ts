// What a scenario gives -> the MeshConfig that both sides get: its defaults filled in, its clusters named apart.
import type { Cluster, ForwardAction, MeshConfig, Route, VirtualHost } from '@proxyless/core/spi'
import { documentSource, fromDocuments } from '@proxyless/istio'
import { processClock, regexEngine } from 'proxyless/host'
import { cluster, config, endpoint, host } from '../../../kit/config.ts'
import { names } from './backends.ts'
import type { At, Given } from './scenario.ts'

/** The engine knows it by this name, and no listener of ours needs it. */
const passthrough = 'PassthroughCluster'

const down: Readonly<Record<string, string>> = { down: '127.0.0.2:9', down2: '127.0.0.3:9' }

export async function configOf(given: Given, prefix: string, port: (backend: string) => number): Promise<MeshConfig> {
  const made = given.documents === undefined ? modelOf(given, port) : await translated(given.documents(port))
  return renamed(made, (name) => (name === passthrough ? name : `${prefix}.${name}`))
}

function modelOf({ routes, hosts = [], clusters, config: more }: Given, port: (backend: string) => number): MeshConfig {
  const at: At = (name, others) => endpoint(down[name] ?? `127.0.0.1:${port(name)}`, others)
  const own = clusters?.(at) ?? []
  const common = [...names, 'down'].map((name) => cluster(name, [at(name)]))
  const all = [...own, ...common.filter(({ name }) => !own.some((each) => each.name === name))]
  const virtualHosts = routes === undefined ? hosts : [host(['svc.test'], routes), ...hosts]
  const used = new Set(virtualHosts.flatMap((each) => each.routes.flatMap(clustersOf)))
  if (more?.unknownHosts?.kind === 'cluster') used.add(more.unknownHosts.cluster)
  return config(
    virtualHosts,
    all.filter(({ name }) => used.has(name)),
    more,
  )
}

function clustersOf({ action }: Route): string[] {
  if (action.kind !== 'forward') return []
  return [...action.clusters, ...action.mirrors].map((each) => each.cluster)
}

/** Documents as the Istio door takes them, from the namespace `default`. */
async function translated(documents: string): Promise<MeshConfig> {
  const source = fromDocuments(documentSource([documents]), {
    workload: { namespace: 'default', labels: {}, serviceAccount: 'default' },
    regex: regexEngine,
    clock: processClock,
    pause: () => Promise.resolve(),
  })
  const made = await new Promise<MeshConfig>((resolve, reject) => {
    source.start({ config: resolve, problem: ({ message }) => reject(new Error(message)) })
  })
  await source.close()
  const errors = made.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return made
}

/** Envoy knows all clusters of a bootstrap by one name each. */
function renamed(given: MeshConfig, to: (name: string) => string): MeshConfig {
  const cluster = <T extends { readonly cluster: string }>(each: T): T => ({ ...each, cluster: to(each.cluster) })
  const forward = (action: ForwardAction): ForwardAction => ({
    ...action,
    clusters: action.clusters.map(cluster),
    mirrors: action.mirrors.map(cluster),
  })
  const route = (each: Route): Route =>
    each.action.kind === 'forward' ? { ...each, action: forward(each.action) } : each
  const host = (each: VirtualHost): VirtualHost => ({ ...each, routes: each.routes.map(route) })
  const { unknownHosts } = given
  return {
    ...given,
    virtualHosts: given.virtualHosts.map(host),
    clusters: new Map(
      [...given.clusters.values()].map((each): [string, Cluster] => [to(each.name), { ...each, name: to(each.name) }]),
    ),
    unknownHosts: unknownHosts.kind === 'cluster' ? cluster(unknownHosts) : unknownHosts,
  }
}

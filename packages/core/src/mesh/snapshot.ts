// The compiled world of one configuration: immutable, read once per call. Made by mesh/mesh on every update.
import { plainPlan, type ForwardPlan, type RoutePlan } from '../call/plan.ts'
import type { RoutesView } from '../call/house.ts'
import type { MeshConfig, PathNormalization } from '../model/config.ts'
import type { Cluster } from '../model/cluster.ts'
import { HostTable } from '../route/host-table.ts'
import { splitAuthority } from '../route/redirect.ts'
import type { RequestView } from '../route/request-view.ts'
import type { RouteTable } from '../route/route-table.ts'
import type { Compiler, HostPlan } from './compile.ts'

/** Requests to unknown hosts go here when the mesh lets them pass. */
const passthroughCluster = 'PassthroughCluster'

/** Remembered look-ups; more than an application has hosts, less than an attacker could fill memory with. */
const cacheLimit = 1_024

interface CacheEntry {
  readonly port: number
  readonly plan: HostPlan | undefined
}

export class Snapshot implements RoutesView {
  readonly config: MeshConfig
  readonly pathNormalization: PathNormalization
  readonly unknownHost: ForwardPlan | undefined
  readonly #hosts: HostTable<HostPlan>
  readonly #cache: Map<string, CacheEntry>
  /** Names of clusters by service and variant; made when a call first asks. */
  #variants: ReadonlyMap<string, string> | undefined = undefined

  constructor(config: MeshConfig, compiler: Compiler, before?: Snapshot) {
    this.config = config
    this.pathNormalization = config.pathNormalization
    this.unknownHost = unknownHostPlan(config)
    const same = before !== undefined && before.config.virtualHosts === config.virtualHosts
    this.#hosts = same ? before.#hosts : buildHosts(config, compiler)
    this.#cache = same ? before.#cache : new Map()
  }

  routesOf(view: RequestView): RouteTable<RoutePlan> | undefined {
    return this.hostOf(view)?.table
  }

  /** The virtual host that claims a request. */
  hostOf(view: RequestView): HostPlan | undefined {
    const cached = this.#cache.get(view.authority)
    if (cached !== undefined && cached.port === view.port) return cached.plan
    const plan = this.#hosts.find(hostName(view.authority), view.port)
    if (this.#cache.size >= cacheLimit) this.#cache.clear()
    this.#cache.set(view.authority, { port: view.port, plan })
    return plan
  }

  /** `name:port`, or as the request has it: what a source is asked for where nobody claims it; undefined: it is not to be asked. */
  wantedHost(view: RequestView): string | undefined {
    if (this.config.unknownHosts.kind !== 'ask') return undefined
    return view.wanted ?? `${hostName(view.authority)}:${view.port}`
  }

  cluster(name: string): Cluster | undefined {
    return this.config.clusters.get(name)
  }

  variantOf(cluster: string, variant: string): string | undefined {
    const service = this.cluster(cluster)?.service
    if (service === undefined) return undefined
    this.#variants ??= variantsOf(this.config.clusters.values())
    return this.#variants.get(variantKey({ ...service, variant }))
  }
}

function variantsOf(clusters: Iterable<Cluster>): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { name, service } of clusters) if (service.variant !== undefined) names.set(variantKey(service), name)
  return names
}

function variantKey({ host, port, variant }: Cluster['service']): string {
  return `${host}:${port} ${variant}`
}

function buildHosts(config: MeshConfig, compiler: Compiler): HostTable<HostPlan> {
  return new HostTable(
    config.virtualHosts.map((model) => ({
      domains: model.domains,
      value: compiler.hostPlan(model),
      ...(model.port === undefined ? {} : { port: model.port }),
    })),
  )
}

function unknownHostPlan({ unknownHosts }: MeshConfig): ForwardPlan | undefined {
  if (unknownHosts.kind === 'block' || unknownHosts.kind === 'ask') return undefined
  const cluster = unknownHosts.kind === 'cluster' ? unknownHosts.cluster : passthroughCluster
  return plainPlan(
    {
      name: 'allow_any',
      match: { path: { kind: 'prefix', value: '/', ignoreCase: false }, headers: [], queryParameters: [] },
      action: { kind: 'forward', clusters: [], timeoutMs: 0, mirrors: [], hashPolicies: [] },
      origin: unknownHosts.origin,
      origins: {},
    },
    { kind: 'forward', clusters: [{ cluster, weight: 1 }], timeoutMs: 0, mirrors: [], hashPolicies: [] },
  )
}

/** Lower case, without port and trailing dot. */
function hostName(authority: string): string {
  const host = splitAuthority(authority).host.toLowerCase()
  return host.endsWith('.') ? host.slice(0, -1) : host
}

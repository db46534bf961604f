// From cached resources to the whole configuration, and to what must be asked for next. Pure but for the memory it is given.
// Make before break: while something that a listener newly points to has not come, what was in force for it stays.
import type { Cluster, MeshConfig, Origin, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import type { HttpListener, RouteResource } from '../decode/resources.ts'
import { type Kind, WILDCARD } from '../stream/kinds.ts'
import { type Cache, isSettled, known, WIRE_NAMES } from './cache.ts'
import { ClusterAssembly, needsOf } from './clusters.ts'
import { problemsOf, type Whence } from './problems.ts'
import { hostsForSocket, hostsForTarget, refusingHost } from './virtual-hosts.ts'

export interface Wanted extends Whence {
  /** `all`: every listener and cluster of the server; else the names that callers use, each with its listener's. */
  readonly targets: 'all' | ReadonlyMap<string, string>
  /** Other names are asked for when they are called. */
  readonly onDemand: boolean
  /** Names that calls have waited for long enough. */
  readonly overdue: ReadonlySet<string>
  /** What is wrong with the connection; undefined while all is well. */
  readonly trouble: string | undefined
}

export interface Resolution {
  readonly wants: Readonly<Record<Kind, ReadonlySet<string>>>
  /** Undefined: not all is there that the first configuration needs. */
  readonly config: MeshConfig | undefined
  /** Resources that are waited for. */
  readonly waiting: readonly string[]
}

/** What is in force for one listener. */
interface Tree {
  readonly listener: HttpListener
  readonly routes: RouteResource
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly hosts: readonly VirtualHost[]
}

/** What one resolution leaves for the next. */
export class Memory {
  readonly assembly: ClusterAssembly = new ClusterAssembly()
  readonly trees: Map<string, Tree> = new Map()
  version = 0
  last: MeshConfig | undefined
}

export function resolve(cache: Cache, wanted: Wanted, memory: Memory): Resolution {
  const walk = new Walk(cache, wanted, memory)
  const hosts = wanted.targets === 'all' ? walk.all() : walk.targets(wanted.targets)
  const problems = problemsOf(cache, walk.wants, wanted)
  const ready = memory.last !== undefined || walk.waiting.length === 0
  const config = ready ? configOf(hosts, walk, problems, wanted, memory) : undefined
  return { wants: walk.wants, config, waiting: walk.waiting }
}

class Walk {
  readonly wants: Record<Kind, Set<string>> = {
    cluster: new Set(),
    endpoints: new Set(),
    listener: new Set(),
    route: new Set(),
  }
  readonly waiting: string[] = []
  readonly clusters: Map<string, Cluster> = new Map()
  normalization: MeshConfig['pathNormalization'] = 'none'
  /** Where a listener says it. */
  unknownHosts: UnknownHosts | undefined
  readonly #cache: Cache
  readonly #wanted: Wanted
  readonly #memory: Memory

  constructor(cache: Cache, wanted: Wanted, memory: Memory) {
    this.#cache = cache
    this.#wanted = wanted
    this.#memory = memory
  }

  targets(targets: ReadonlyMap<string, string>): VirtualHost[] {
    return [...targets].flatMap(([target, name]) => {
      this.wants.listener.add(name)
      return this.#listener(name, target)
    })
  }

  all(): VirtualHost[] {
    for (const kind of ['listener', 'cluster'] as const) {
      this.wants[kind].add(WILDCARD)
      if (!this.#cache.heard(kind)) this.waiting.push(`${WIRE_NAMES[kind]} ${WILDCARD}`)
    }
    const names = [...this.#cache.entries('listener').keys()].filter(
      (name) => known(this.#cache, 'listener', name)?.http !== undefined,
    )
    for (const name of this.#memory.trees.keys()) if (!names.includes(name)) this.#memory.trees.delete(name)
    // hosts for every port last: an earlier host wins a domain that two claim
    const portOf = (name: string): number => known(this.#cache, 'listener', name)?.http?.port ?? Infinity
    names.sort((a, b) => (portOf(a) === Infinity ? 1 : 0) - (portOf(b) === Infinity ? 1 : 0))
    const hosts = names.flatMap((name) => this.#listener(name, undefined))
    for (const name of this.#cache.entries('cluster').keys()) this.#cluster(name, this.clusters)
    return hosts
  }

  #listener(name: string, target: string | undefined): readonly VirtualHost[] {
    const { trees } = this.#memory
    const before = trees.get(target ?? name)
    const listener = known(this.#cache, 'listener', name)?.http
    const missing = (kind: Kind, resource: string): readonly VirtualHost[] => {
      if (!isSettled(this.#cache, kind, resource, false)) {
        this.waiting.push(`${WIRE_NAMES[kind]} ${resource}`)
        return before === undefined ? this.#late(target, kind, resource) : this.#keep(before)
      }
      trees.delete(target ?? name)
      return target === undefined ? [] : [refusingHost(target, this.#reason(kind, resource), this.#wanted.server)]
    }
    if (listener === undefined) return missing('listener', name)
    this.normalization = listener.pathNormalization
    this.unknownHosts ??= listener.unknownHosts
    const named = 'named' in listener.routes ? listener.routes.named : undefined
    if (named !== undefined) this.wants.route.add(named)
    const routes =
      'inline' in listener.routes ? listener.routes.inline : known(this.#cache, 'route', listener.routes.named)
    if (routes === undefined) return missing('route', named ?? '')
    const clusters = new Map<string, Cluster>()
    const waits = this.waiting.length
    for (const each of clustersOf(routes)) this.#cluster(each, clusters)
    if (this.waiting.length > waits && before !== undefined) return this.#keep(before)
    if (this.waiting.length > waits && this.#isAwaited(target)) return []
    return this.#use(target ?? name, target, listener, routes, clusters)
  }

  /** Calls wait for all of it. */
  #isAwaited(target: string | undefined): boolean {
    return this.#wanted.onDemand && target !== undefined && !this.#wanted.overdue.has(target)
  }

  #late(target: string | undefined, kind: Kind, resource: string): readonly VirtualHost[] {
    const { server, node, overdue, trouble } = this.#wanted
    if (target === undefined || !overdue.has(target)) return []
    const where = `xDS server ${server}, node ${node}, last error: ${trouble ?? 'none'}`
    return [refusingHost(target, `${WIRE_NAMES[kind]} ${resource}: the server has not sent it yet (${where})`, server)]
  }

  #use(
    key: string,
    target: string | undefined,
    listener: HttpListener,
    routes: RouteResource,
    clusters: ReadonlyMap<string, Cluster>,
  ): readonly VirtualHost[] {
    const before = this.#memory.trees.get(key)
    const { server } = this.#wanted
    const same = before?.listener === listener && before.routes === routes
    const hosts = same
      ? before.hosts
      : target === undefined
        ? hostsForSocket(listener, routes, server)
        : (hostsForTarget(target, listener, routes, server) ?? [
            refusingHost(target, `RouteConfiguration ${routes.name} has no virtual host for ${target}`, server),
          ])
    this.#memory.trees.set(key, { listener, routes, clusters, hosts })
    for (const [name, cluster] of clusters) this.clusters.set(name, cluster)
    return hosts
  }

  /** What is in force keeps its clusters, and the server is still asked for them. */
  #keep(tree: Tree): readonly VirtualHost[] {
    for (const [name, cluster] of tree.clusters) {
      const fresh = this.#want(name) ? this.#memory.assembly.assemble(this.#cache, name) : undefined
      this.clusters.set(name, fresh ?? this.#memory.last?.clusters.get(name) ?? cluster)
    }
    return tree.hosts
  }

  #cluster(name: string, into: Map<string, Cluster>): void {
    const settled = this.#want(name)
    if (!settled) this.waiting.push(`${WIRE_NAMES.cluster} ${name}`)
    const before = settled ? undefined : this.#memory.last?.clusters.get(name)
    const cluster = before ?? this.#memory.assembly.assemble(this.#cache, name)
    if (cluster !== undefined) into.set(name, cluster)
  }

  /** False: something of it is worth waiting for. */
  #want(name: string): boolean {
    const all = this.#wanted.targets === 'all'
    const needs = needsOf(this.#cache, name, all)
    if (!all) for (const each of needs.clusters) this.wants.cluster.add(each)
    for (const each of needs.assignments) this.wants.endpoints.add(each)
    return needs.settled
  }

  #reason(kind: Kind, name: string): string {
    const { server, node } = this.#wanted
    const error = this.#cache.entry(kind, name)?.error ?? 'does not exist'
    return `${WIRE_NAMES[kind]} ${name}: ${error} (xDS server ${server}, node ${node})`
  }
}

function clustersOf(routes: RouteResource): Set<string> {
  const names = new Set<string>()
  for (const { action } of routes.hosts.flatMap((host) => host.routes.map(({ route }) => route))) {
    if (action.kind !== 'forward') continue
    // those that a request names by a header are among all the others
    for (const { cluster } of [...action.clusters, ...action.mirrors]) if (cluster !== '') names.add(cluster)
  }
  return names
}

function configOf(
  hosts: readonly VirtualHost[],
  { clusters, normalization: pathNormalization, unknownHosts: said }: Walk,
  problems: MeshConfig['problems'],
  { server, onDemand }: Wanted,
  memory: Memory,
): MeshConfig {
  const { last } = memory
  const { virtualHosts, unknownHosts } =
    said === undefined || onDemand
      ? strangers(hosts, clusters, server, onDemand)
      : { virtualHosts: hosts, unknownHosts: said }
  const same =
    last !== undefined &&
    sameList(last.virtualHosts, virtualHosts) &&
    sameMap(last.clusters, clusters) &&
    JSON.stringify([last.problems, last.unknownHosts, last.pathNormalization]) ===
      JSON.stringify([problems, unknownHosts, pathNormalization])
  if (same) return last
  memory.version++
  memory.last = { version: `${memory.version}`, virtualHosts, clusters, unknownHosts, pathNormalization, problems }
  return memory.last
}

/** A sidecar's virtual hosts for all other names say what becomes of unknown hosts; they are no hosts of the engine's. */
function strangers(
  hosts: readonly VirtualHost[],
  clusters: ReadonlyMap<string, Cluster>,
  server: string,
  onDemand: boolean,
): { virtualHosts: readonly VirtualHost[]; unknownHosts: UnknownHosts } {
  const origin: Origin = { resource: 'built-in default', path: '', source: server }
  if (onDemand) return { virtualHosts: hosts, unknownHosts: { kind: 'ask', origin } }
  let unknownHosts: UnknownHosts = { kind: 'passthrough', origin }
  const virtualHosts = hosts.filter((host) => {
    const [route] = host.routes
    if (host.domains.length !== 1 || host.domains[0] !== '*' || host.routes.length !== 1) return true
    const action = route?.action
    if (action?.kind === 'directResponse' && action.status === 502) {
      unknownHosts = { kind: 'block', origin: host.origin }
      return false
    }
    const [only] = action?.kind === 'forward' ? action.clusters : []
    return only === undefined || clusters.get(only.cluster)?.discovery.kind !== 'originalDestination'
  })
  return { virtualHosts, unknownHosts }
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

function sameMap(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

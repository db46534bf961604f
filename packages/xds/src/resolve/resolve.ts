// From cached resources to the whole configuration, and to what must be asked for next. Pure but for the memory it is given, by which
// it follows what has changed to what depends on it. Make before break: while something that a listener newly points to has not come,
// what was in force for it stays.
import type { Cluster, MeshConfig, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import type { Piecewise } from '../piecewise.ts'
import { type Kind, KINDS, WILDCARD } from '../stream/kinds.ts'
import { canonicalName } from '../stream/resource-name.ts'
import type { Changes } from '../stream/store.ts'
import { type Cache, isSettled, known, WIRE_NAMES } from './cache.ts'
import { type ClusterNeeds, needsOf } from './clusters.ts'
import type { Memory } from './memory.ts'
import { pointedClusters } from './pointed-clusters.ts'
import type { Whence } from './problems.ts'
import { sameList } from './same-list.ts'
import { strangersOf } from './strangers.ts'
import type { Aim } from './trees.ts'
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
  /** By kind the same set while it holds the same names. */
  readonly wants: Readonly<Record<Kind, ReadonlySet<string>>>
  /** Undefined: not all is there that the first configuration needs. */
  readonly config: MeshConfig | undefined
  /** Some of the resources that are waited for. */
  readonly waiting: readonly string[]
}

/** @param changes names of resources that may not be what they were at the resolution before */
export function* resolve(cache: Cache, wanted: Wanted, memory: Memory, changes: Changes): Piecewise<Resolution> {
  const walk = new Walk(cache, wanted, memory)
  yield* walk.follow(changes)
  const hosts = yield* walk.hosts(changes)
  const wants = walk.wants()
  yield* walk.lookForProblems(changes)
  const { roots } = memory
  const ready = memory.last !== undefined || walk.waiting.length + roots.unsettled.size === 0
  const config = ready ? yield* walk.config(hosts, wants) : undefined
  return { wants, config, waiting: [...walk.waiting, ...someOf(roots.unsettled)] }
}

const nobody: readonly VirtualHost[] = []
const everything: ReadonlySet<string> = new Set([WILDCARD])
const maxWaiting = 10

class Walk {
  readonly waiting: string[] = []
  readonly #routes = new Set<string>()
  #normalization: MeshConfig['pathNormalization'] = 'none'
  /** Where a listener says it. */
  #unknownHosts: UnknownHosts | undefined
  readonly #cache: Cache
  readonly #wanted: Wanted
  readonly #memory: Memory
  readonly #needsOf: (name: string) => ClusterNeeds

  constructor(cache: Cache, wanted: Wanted, memory: Memory) {
    this.#cache = cache
    this.#wanted = wanted
    this.#memory = memory
    this.#needsOf = (name) => needsOf(cache, name, wanted.targets === 'all')
  }

  /** Clusters whose parts have changed. */
  *follow(changes: Changes): Piecewise<void> {
    const { roots } = this.#memory
    for (const name of changes.get('cluster') ?? []) {
      if (this.#wanted.targets === 'all') {
        roots.list(name, this.#cache.entry('cluster', name) !== undefined, this.#needsOf)
      }
      for (const user of roots.clusters.usersOf(name)) roots.refresh(user, this.#needsOf)
      yield
    }
    for (const name of changes.get('endpoints') ?? []) {
      for (const user of roots.assignments.usersOf(name)) roots.refresh(user, this.#needsOf)
      yield
    }
    // what was not there when all clusters were listed is not there at all
    const listed = this.#cache.heard('cluster')
    if (listed === this.#memory.listed) return
    this.#memory.listed = listed
    const unsettled = [...roots.unsettled]
    for (const name of unsettled) {
      roots.refresh(name, this.#needsOf)
      yield
    }
  }

  /** Those of each listener. */
  *hosts(changes: Changes): Piecewise<readonly (readonly VirtualHost[])[]> {
    const { targets } = this.#wanted
    const found: (readonly VirtualHost[])[] = []
    const keys = new Set<string>()
    if (targets === 'all') {
      for (const kind of ['listener', 'cluster'] as const) {
        if (!this.#cache.heard(kind)) this.waiting.push(`${WIRE_NAMES[kind]} ${WILDCARD}`)
      }
      for (const name of this.#listeners(changes)) {
        keys.add(name)
        found.push(yield* this.#listener(name, undefined))
      }
    } else {
      for (const [target, name] of targets) {
        keys.add(target)
        found.push(yield* this.#listener(name, target))
      }
    }
    for (const key of this.#memory.trees.keys()) if (!keys.has(key)) yield* this.#memory.trees.drop(key)
    return found
  }

  wants(): Resolution['wants'] {
    const { roots, wants: before } = this.#memory
    const { targets } = this.#wanted
    const all = targets === 'all'
    const now = {
      cluster: all ? everything : roots.clusters.names,
      endpoints: roots.assignments.names,
      listener: all ? everything : same(before.listener, new Set([...targets.values()].map(canonicalName))),
      route: same(before.route, this.#routes),
    }
    this.#memory.wants = now
    return now
  }

  *lookForProblems(changes: Changes): Piecewise<void> {
    const { problems, roots } = this.#memory
    const more: Partial<Record<Kind, readonly string[]>> = {
      cluster: roots.clusters.takeAdded(),
      endpoints: roots.assignments.takeAdded(),
    }
    for (const kind of KINDS) {
      const names = kind === 'listener' || kind === 'route' ? this.#memory.wants[kind] : (more[kind] ?? [])
      for (const name of [...(changes.get(kind) ?? []), ...names]) {
        problems.look(this.#cache, kind, name, this.#wanted)
        yield
      }
    }
  }

  *config(lists: readonly (readonly VirtualHost[])[], wants: Resolution['wants']): Piecewise<MeshConfig> {
    const { last } = this.#memory
    const patch = yield* this.#patch()
    const clusters = patch.size === 0 ? this.#memory.clusters : this.#memory.clusters.with(patch)
    this.#memory.clusters = clusters
    const { virtualHosts, unknownHosts } = this.#strangers(lists, patch)
    const problems = this.#memory.problems.list(wants)
    const pathNormalization = this.#normalization
    const isSame =
      last !== undefined &&
      last.virtualHosts === virtualHosts &&
      last.clusters === clusters &&
      last.unknownHosts === unknownHosts &&
      last.problems === problems &&
      last.pathNormalization === pathNormalization
    if (isSame) return last
    this.#memory.version++
    const version = `${this.#memory.version}`
    this.#memory.last = { version, virtualHosts, clusters, unknownHosts, pathNormalization, problems }
    return this.#memory.last
  }

  #strangers(
    lists: readonly (readonly VirtualHost[])[],
    patch: ReadonlyMap<string, unknown>,
  ): Pick<MeshConfig, 'virtualHosts' | 'unknownHosts'> {
    const { strangers: before, clusters } = this.#memory
    const { server, onDemand } = this.#wanted
    const said = this.#unknownHosts
    const same = before !== undefined && before.said === said && sameList(before.lists, lists)
    if (same && ![...before.asked].some((name) => patch.has(name))) return before
    const now = strangersOf(lists.flat(), clusters, { server, onDemand, said })
    const keep = before !== undefined && sameList(before.virtualHosts, now.virtualHosts)
    const alike = before !== undefined && JSON.stringify(before.unknownHosts) === JSON.stringify(now.unknownHosts)
    this.#memory.strangers = {
      lists,
      said,
      asked: now.asked,
      virtualHosts: keep ? before.virtualHosts : now.virtualHosts,
      unknownHosts: alike ? before.unknownHosts : now.unknownHosts,
    }
    return this.#memory.strangers
  }

  /** Clusters that are not what they were. */
  *#patch(): Piecewise<ReadonlyMap<string, Cluster | undefined>> {
    const { roots, clusters } = this.#memory
    const patch = new Map<string, Cluster | undefined>()
    for (const name of roots.touched) {
      const cluster = roots.isInForce(name) ? yield* this.#clusterOf(name) : undefined
      if (cluster !== clusters.get(name)) patch.set(name, cluster)
      yield
    }
    roots.touched.clear()
    return patch
  }

  *#clusterOf(name: string): Piecewise<Cluster | undefined> {
    const { roots, clusters, assembly, trees } = this.#memory
    const before = clusters.get(name)
    if (roots.unsettled.has(name) && before !== undefined) return before
    const cluster = assembly.assemble(this.#cache, name)
    if (cluster === undefined && before !== undefined && (yield* trees.isHeld(name))) return before
    return cluster
  }

  /** All that a client needs; others have no HTTP, or are for servers. */
  #listeners(changes: Changes): readonly string[] {
    if (this.#memory.listeners !== undefined && (changes.get('listener')?.size ?? 0) === 0)
      return this.#memory.listeners
    const ported: string[] = []
    const others: string[] = []
    for (const name of this.#cache.entries('listener').keys()) {
      const http = known(this.#cache, 'listener', name)?.http
      if (http !== undefined) (http.port === undefined ? others : ported).push(name)
    }
    // hosts for every port last: an earlier host wins a domain that two claim
    this.#memory.listeners = [...ported, ...others]
    return this.#memory.listeners
  }

  *#listener(name: string, target: string | undefined): Piecewise<readonly VirtualHost[]> {
    const { trees, roots } = this.#memory
    const key = target ?? name
    const listener = known(this.#cache, 'listener', name)?.http
    if (listener === undefined) return yield* this.#missing(key, target, 'listener', name)
    this.#normalization = listener.pathNormalization
    this.#unknownHosts ??= listener.unknownHosts
    if ('named' in listener.routes) this.#routes.add(canonicalName(listener.routes.named))
    const routes =
      'inline' in listener.routes ? listener.routes.inline : known(this.#cache, 'route', listener.routes.named)
    if (routes === undefined) {
      return yield* this.#missing(key, target, 'route', 'named' in listener.routes ? listener.routes.named : '')
    }
    if (yield* trees.aim(key, { listener, routes }, this.#needsOf)) return trees.hostsOf(key)
    if (roots.anyUnsettled(yield* pointedClusters(routes))) {
      if (this.#memory.last !== undefined && trees.keep(key)) return trees.hostsOf(key)
      if (this.#isAwaited(target)) return nobody
    }
    yield* trees.use(key, (aim) => this.#hostsOf(aim, target), this.#needsOf)
    return trees.hostsOf(key)
  }

  *#hostsOf({ listener, routes }: Aim, target: string | undefined): Piecewise<readonly VirtualHost[]> {
    const { server } = this.#wanted
    if (target === undefined) return yield* hostsForSocket(listener, routes, server)
    const why = `RouteConfiguration ${routes.name} has no virtual host for ${target}`
    return hostsForTarget(target, listener, routes, server) ?? [refusingHost(target, why, server)]
  }

  *#missing(key: string, target: string | undefined, kind: Kind, resource: string): Piecewise<readonly VirtualHost[]> {
    const { trees } = this.#memory
    if (isSettled(this.#cache, kind, resource, false)) {
      yield* trees.drop(key)
      return target === undefined ? nobody : this.#refuse(target, this.#reason(kind, resource))
    }
    this.waiting.push(`${WIRE_NAMES[kind]} ${resource}`)
    if (yield* trees.pause(key)) return trees.hostsOf(key)
    const { server, node, overdue, trouble } = this.#wanted
    if (target === undefined || !overdue.has(target)) return nobody
    const where = `xDS server ${server}, node ${node}, last error: ${trouble ?? 'none'}`
    return this.#refuse(target, `${WIRE_NAMES[kind]} ${resource}: the server has not sent it yet (${where})`)
  }

  /** Calls wait for all of it. */
  #isAwaited(target: string | undefined): boolean {
    return this.#wanted.onDemand && target !== undefined && !this.#wanted.overdue.has(target)
  }

  /** The same words, the same host. */
  #refuse(target: string, why: string): readonly VirtualHost[] {
    const { refusals } = this.#memory
    const before = refusals.get(target)
    if (before?.why === why) return before.hosts
    const hosts = [refusingHost(target, why, this.#wanted.server)]
    refusals.set(target, { why, hosts })
    return hosts
  }

  #reason(kind: Kind, name: string): string {
    const { server, node } = this.#wanted
    const error = this.#cache.entry(kind, name)?.error ?? 'does not exist'
    return `${WIRE_NAMES[kind]} ${name}: ${error} (xDS server ${server}, node ${node})`
  }
}

function same(before: ReadonlySet<string>, now: ReadonlySet<string>): ReadonlySet<string> {
  return before.size === now.size && [...now].every((name) => before.has(name)) ? before : now
}

function someOf(unsettled: ReadonlySet<string>): string[] {
  const some: string[] = []
  for (const name of unsettled) {
    if (some.length === maxWaiting) break
    some.push(`${WIRE_NAMES.cluster} ${name}`)
  }
  return some
}

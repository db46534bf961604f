// What one resolution leaves for the next: what is in force, and what depends on what.
import type { Cluster, MeshConfig, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import { type Kind, KINDS } from '../stream/kinds.ts'
import { ClusterAssembly } from './clusters.ts'
import { PatchedMap } from './patched-map.ts'
import { Problems } from './problems.ts'
import { Roots } from './roots.ts'
import type { Strangers } from './strangers.ts'
import { Trees } from './trees.ts'

/** What they were made of. */
interface StrangersBasis {
  readonly lists: readonly (readonly VirtualHost[])[]
  readonly said: UnknownHosts | undefined
}

const none: ReadonlySet<string> = new Set()

export class Memory {
  readonly assembly: ClusterAssembly = new ClusterAssembly()
  readonly roots: Roots = new Roots()
  readonly trees: Trees = new Trees(this.roots)
  readonly problems: Problems = new Problems(KINDS)
  /** Hosts that answer at once with the reason why nobody can route to them. */
  readonly refusals: Map<string, { readonly why: string; readonly hosts: readonly VirtualHost[] }> = new Map()
  version = 0
  last: MeshConfig | undefined
  clusters: PatchedMap<Cluster> = PatchedMap.empty()
  wants: Readonly<Record<Kind, ReadonlySet<string>>> = { listener: none, route: none, cluster: none, endpoints: none }
  /** The server has listed its clusters. */
  listed = false
  listeners: readonly string[] | undefined
  strangers: (Strangers & StrangersBasis) | undefined
}

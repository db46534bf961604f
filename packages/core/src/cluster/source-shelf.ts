// From the hosts of one priority to the sources that calls pick from, by what the cluster says of localities.
// Sources keep their place when hosts change, so that rotations go on.
import type { Random } from '../base/random.ts'
import type { Cluster as ClusterModel, LocalityWeight } from '../model/cluster.ts'
import { withinAperture } from './aperture.ts'
import type { Endpoint } from './endpoint.ts'
import type { HostSet } from './host-set.ts'
import { HostSource, type MakePicker, type Place, placeName, type SourceChooser } from './host-source.ts'
import { localityGroupsOf } from './locality-group.ts'
import { localityShares } from './locality-shares.ts'
import { defaultFactor } from './priority-load.ts'
import { effectiveWeight, WeightedLocalities, weightOf } from './weighted-localities.ts'
import { zoneRoutingOf } from './zone-routing.ts'

/** What the two tiers of a priority are chosen from; undefined: no host. */
export interface Choosers {
  readonly healthy: SourceChooser | undefined
  readonly degraded: SourceChooser | undefined
}

/** Makes the sources of one selection. */
export class SourceShelf {
  readonly model: ClusterModel
  readonly #random: Random
  readonly #make: MakePicker
  readonly #before: ReadonlyMap<string, HostSource> | undefined
  readonly #sources = new Map<string, HostSource>()

  constructor(model: ClusterModel, random: Random, make: MakePicker, before: SourceShelf | undefined) {
    this.model = model
    this.#random = random
    this.#make = make
    this.#before = before === undefined ? undefined : before.#sources
  }

  choosersOf(set: HostSet, panic: boolean): Choosers {
    const { loadBalancer, localities } = this.model
    const { priority } = set
    if (loadBalancer.kind === 'ringHash' || loadBalancer.kind === 'maglev') return this.#hashed(set, panic)
    if (panic) {
      const fails = localities?.kind === 'zoneAware' && localities.failTrafficOnPanic
      return both(fails ? undefined : this.#source({ priority, tier: 'panic' }, set.hosts))
    }
    if (localities?.kind === 'weighted') {
      const { weights } = localities
      return { healthy: this.#weighted(set, 'healthy', weights), degraded: this.#weighted(set, 'degraded', weights) }
    }
    const healthy = this.#source({ priority, tier: 'healthy' }, set.healthy)
    const degraded = this.#source({ priority, tier: 'degraded' }, set.degraded)
    if (localities === undefined || healthy === undefined) return { healthy, degraded }
    const zones = zoneRoutingOf(localities, healthy, localityGroupsOf(set), (group) =>
      this.#shelve({ priority, tier: 'healthy', locality: group.locality }, group.healthy),
    )
    return { healthy: zones ?? healthy, degraded }
  }

  /** A hash stays with the healthy hosts as long as there is one: a key must not move because of the tier that was drawn. */
  #hashed({ priority, hosts, healthy, degraded }: HostSet, panic: boolean): Choosers {
    const tier = panic ? 'panic' : healthy.length > 0 ? 'healthy' : 'degraded'
    const among = withinAperture({ panic: hosts, healthy, degraded }[tier], this.model.aperture)
    const { localities } = this.model
    const parts = localities?.kind === 'weighted' ? localityShares(among, priority, localities.weights) : undefined
    if (parts === undefined) return both(this.#source({ priority, tier }, among))
    return both(this.#shelve({ priority, tier }, parts.hosts, parts.shares))
  }

  #weighted(set: HostSet, tier: 'healthy' | 'degraded', weights: readonly LocalityWeight[]): SourceChooser | undefined {
    const { priority } = set
    if (set[tier].length === 0) return undefined
    const factor = this.model.overprovisioningFactor ?? defaultFactor
    const localities = localityGroupsOf(set).flatMap((group) => {
      const { locality } = group
      const said = weightOf(weights, priority, locality)?.weight ?? 0
      const weight = effectiveWeight(said, group[tier].length, group.hosts.length - group.excluded, factor)
      return weight > 0 ? [{ weight, source: this.#shelve({ priority, tier, locality }, group[tier]) }] : []
    })
    const [first] = localities
    if (first === undefined) return this.#source({ priority, tier }, set[tier])
    return localities.length === 1 ? first.source : new WeightedLocalities(localities, this.#random.fork())
  }

  #source(place: Place, hosts: readonly Endpoint[]): HostSource | undefined {
    return hosts.length === 0 ? undefined : this.#shelve(place, hosts)
  }

  #shelve(place: Place, hosts: readonly Endpoint[], shares?: Float64Array): HostSource {
    const name = placeName(place)
    const among = shares === undefined ? withinAperture(hosts, this.model.aperture) : hosts
    const source = new HostSource(place, among, this.#make, this.#before?.get(name), shares)
    this.#sources.set(name, source)
    return source
  }
}

function both(source: HostSource | undefined): Choosers {
  return { healthy: source, degraded: source }
}

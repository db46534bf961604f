// Hosts among which a picker chooses: one priority, one tier, all localities or one. The picker is made at the first pick.
// What stands before it, choosing among several sources, is a SourceChooser.
import type { Picker } from '../balance/picker.ts'
import type { Random } from '../base/random.ts'
import type { Locality } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'

/** Healthy hosts come first, degraded ones after them; in panic all are used. */
export type Tier = 'healthy' | 'degraded' | 'panic'

/** Chooses where a picker picks from. `peeking`: says what it would choose, and does not move on. */
export interface SourceChooser {
  choose(random: Random, peeking: boolean): HostSource | undefined
  /** All that it may choose. */
  readonly sources: readonly HostSource[]
}

/** @param shares parts of 1 by host, where localities have weights and the balancer is consistent */
export type MakePicker = (
  hosts: readonly Endpoint[],
  previous: Picker<Endpoint> | undefined,
  shares: Float64Array | undefined,
) => Picker<Endpoint>

/** Where a source stands. */
export interface Place {
  readonly priority: number
  readonly tier: Tier
  /** Undefined: all localities. */
  readonly locality?: Locality | undefined
}

export class HostSource implements SourceChooser {
  readonly priority: number
  readonly tier: Tier
  /** Undefined: all localities. */
  readonly locality: Locality | undefined
  readonly hosts: readonly Endpoint[]
  readonly #make: MakePicker
  readonly #shares: Float64Array | undefined
  #previous: Picker<Endpoint> | undefined
  #picker: Picker<Endpoint> | undefined = undefined

  /** @param before the source in the same place before hosts changed: its rotation goes on */
  constructor(
    place: Place,
    hosts: readonly Endpoint[],
    make: MakePicker,
    before: HostSource | undefined,
    shares?: Float64Array,
  ) {
    this.priority = place.priority
    this.tier = place.tier
    this.locality = place.locality
    this.hosts = hosts
    this.#make = make
    this.#shares = shares
    this.#previous = before === undefined ? undefined : (before.#picker ?? before.#previous)
  }

  get picker(): Picker<Endpoint> {
    if (this.#picker !== undefined) return this.#picker
    this.#picker = this.#make(this.hosts, this.#previous, this.#shares)
    this.#previous = undefined
    return this.#picker
  }

  choose(): HostSource {
    return this
  }

  get sources(): readonly HostSource[] {
    return [this]
  }
}

/** What sources of successive host sets are compared by. */
export function placeName({ priority, tier, locality }: Place): string {
  return locality === undefined ? `${tier} ${priority}` : `${tier} ${priority} ${localityName(locality)}`
}

export function localityName({ region, zone, subzone }: Locality): string {
  return subzone === '' ? (zone === '' ? region : `${region}/${zone}`) : `${region}/${zone}/${subzone}`
}

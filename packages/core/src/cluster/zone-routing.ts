// Traffic stays in the client's own locality as far as its hosts can bear their part; the rest goes where there is room.
// Source: Envoy ZoneAwareLoadBalancerBase regenerateLocalityRoutingStructures and tryChooseLocalLocalityHosts, in shares of 10,000.
import { below, type Random } from '../base/random.ts'
import type { ZoneAware } from '../model/cluster.ts'
import { isSameLocality, type LocalityGroup } from './locality-group.ts'
import type { HostSource, SourceChooser } from './host-source.ts'

const whole = 10_000

export class ZoneRouting implements SourceChooser {
  readonly #flat: HostSource
  /** The own locality first, as far as it has hosts. */
  readonly #zones: readonly HostSource[]
  /** Share of calls that stay. */
  readonly #stay: number
  /** Room in each zone, added up. */
  readonly #room: readonly number[]
  readonly #enabled: number

  constructor(flat: HostSource, zones: readonly HostSource[], stay: number, room: readonly number[], enabled: number) {
    this.#flat = flat
    this.#zones = zones
    this.#stay = stay
    this.#room = room
    this.#enabled = enabled
  }

  choose(random: Random): HostSource | undefined {
    if (this.#enabled < 1 && below(random, whole) >= this.#enabled * whole) return this.#flat
    if (this.#stay >= whole || (this.#stay > 0 && below(random, whole) < this.#stay)) return this.#zones[0]
    const room = this.#room.at(-1) ?? 0
    if (room === 0) return this.#zones[below(random, this.#zones.length)]
    const drawn = below(random, room)
    let zone = 0
    while (drawn >= (this.#room[zone] ?? room)) zone++
    return this.#zones[zone]
  }

  get sources(): readonly HostSource[] {
    return [this.#flat, ...this.#zones]
  }
}

/** Undefined: zones make no difference here, as there are too few hosts or localities. */
export function zoneRoutingOf(
  policy: ZoneAware,
  flat: HostSource,
  groups: readonly LocalityGroup[],
  sourceOf: (group: LocalityGroup) => HostSource,
): ZoneRouting | undefined {
  const { own, clients, minClusterSize, routingEnabled } = policy
  const fit = groups.filter((group) => group.healthy.length > 0)
  const localClients = clients.some(({ locality, count }) => count > 0 && isSameLocality(locality, own))
  if (fit.length < 2 || flat.hosts.length < minClusterSize || clients.length < 2 || !localClients) return undefined
  const isOwn = (group: LocalityGroup): boolean => isSameLocality(group.locality, own)
  const zones = [...fit.filter(isOwn), ...fit.filter((group) => !isOwn(group))]
  const allClients = clients.reduce((sum, { count }) => sum + count, 0)
  const shares = zones.map(({ locality, healthy }) => {
    const here = clients.find((client) => isSameLocality(client.locality, locality))?.count ?? 0
    return {
      clients: Math.floor((whole * here) / allClients),
      hosts: Math.floor((whole * healthy.length) / flat.hosts.length),
    }
  })
  const [first] = shares
  const hasOwn = zones[0] !== undefined && isOwn(zones[0])
  const sources = zones.map(sourceOf)
  if (hasOwn && first !== undefined && first.hosts >= first.clients) {
    return new ZoneRouting(flat, sources, whole, [], routingEnabled)
  }
  const stay = hasOwn && first !== undefined ? Math.floor((first.hosts * whole) / first.clients) : 0
  let room = 0
  const rooms = shares.map((share, i) => (room += i === 0 && hasOwn ? 0 : Math.max(0, share.hosts - share.clients)))
  return new ZoneRouting(flat, sources, stay, rooms, routingEnabled)
}

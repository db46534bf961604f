// Consistent balancing: the same key finds the same host, by a table of whatever kind (ring-hash, maglev).
// Large tables are built beside the calls: until then the table before serves, or a small one, and never a host that has left.
import type { Random } from '../base/random.ts'
import type { Sliced, Slices } from '../base/slices.ts'
import {
  type HashMembers,
  type HashTable,
  membersOf,
  sameMembers,
  type TableBuild,
  type TableKind,
} from './hash-table.ts'
import type { Balanced, HashKey, Picker } from './picker.ts'

/** Tables up to this size are always built at once. */
const smallTable = 4_096
/** How often an old table is asked again when it names a host that has left. */
const detours = 64

export class ConsistentPicker<E extends Balanced> implements Picker<E>, Sliced {
  readonly hosts: readonly E[]
  readonly members: HashMembers
  readonly #kind: TableKind
  #table: HashTable
  /** The table's members as hosts, by number; undefined: has left. */
  #seats: readonly (E | undefined)[]
  /** The table that is to come. */
  #build: TableBuild | undefined

  constructor(hosts: readonly E[], members: HashMembers, kind: TableKind, slices?: Slices, previous?: Picker<E>) {
    this.hosts = hosts
    this.members = members
    this.#kind = kind
    this.#seats = hosts
    this.#table = nobody
    const before = previous instanceof ConsistentPicker ? (previous as ConsistentPicker<E>) : undefined
    if (before !== undefined) slices?.drop(before)
    if (hosts.length < 2) return
    const entries = kind.entries(members)
    const seats = slices !== undefined && entries > smallTable ? before?.seatsFor(hosts, kind) : undefined
    if (before !== undefined && seats !== undefined) {
      this.#table = before.#table
      this.#seats = seats
    } else {
      const atOnce = kind.atOnce(members)
      const whole = slices === undefined || entries <= Math.max(smallTable, atOnce)
      this.#table = builtNow(kind.build(members, whole ? Infinity : atOnce))
      if (whole) return
    }
    this.#build = kind.build(members, Infinity)
    slices?.add(this)
  }

  /** Whether this picker would do as it is. */
  serves(hosts: readonly E[], members: HashMembers, kind: TableKind): boolean {
    return (
      kind.id === this.#kind.id &&
      hosts.length === this.hosts.length &&
      hosts.every((host, i) => host === this.hosts[i]) &&
      sameMembers(members, this.members)
    )
  }

  /** Its table's members among other hosts; undefined: too few are left to serve by it. */
  seatsFor(hosts: readonly E[], kind: TableKind): readonly (E | undefined)[] | undefined {
    if (kind.id !== this.#kind.id || this.#table === nobody) return undefined
    const present = new Set(hosts)
    const seats = this.#seats.map((host) => (host !== undefined && present.has(host) ? host : undefined))
    const left = seats.filter((host) => host !== undefined).length
    return left * 2 >= seats.length && left * 2 >= hosts.length ? seats : undefined
  }

  step(): boolean {
    const build = this.#build
    if (build === undefined) return true
    if (!build.step()) return false
    this.#table = build.table
    this.#seats = this.hosts
    this.#build = undefined
    return true
  }

  pick(random: Random, key?: HashKey, repick = 0): E | undefined {
    const { hosts } = this
    if (hosts.length < 2) return hosts[0]
    // without a key any will do
    const high = key === undefined ? random.uint32() : key.high
    const low = key === undefined ? random.uint32() : key.low
    return this.#seats[this.#table.find(high, low, repick)] ?? this.#detour(high, low, repick)
  }

  peek(random: Random, key?: HashKey, repick?: number): E | undefined {
    return this.pick(random, key, repick)
  }

  /** The table names a host that has left. */
  #detour(high: number, low: number, repick: number): E | undefined {
    for (let more = 1; more <= detours; more++) {
      const host = this.#seats[this.#table.find(high, low, repick + more)]
      if (host !== undefined) return host
    }
    return this.hosts[low % this.hosts.length]
  }
}

/** A picker for these hosts: the one before, where nothing has changed for it. */
export function consistentPicker<E extends Balanced>(
  kind: TableKind,
  by: 'address' | 'hostname',
  hosts: readonly E[],
  slices?: Slices,
  previous?: Picker<E>,
  shares?: Float64Array,
): ConsistentPicker<E> {
  const members = membersOf(hosts, by, shares)
  if (previous instanceof ConsistentPicker && previous.serves(hosts, members, kind)) return previous
  return new ConsistentPicker(hosts, members, kind, slices, previous)
}

/** What one host needs. */
const nobody: HashTable = { find: () => -1 }

function builtNow(build: TableBuild): HashTable {
  while (!build.step());
  return build.table
}

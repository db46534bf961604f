// The contract between consistent balancing and its tables: what a table is built of, how it is asked, how it is built in pieces.
// Tables know names and shares, not hosts: a table serves on while its hosts change. Implemented by ring-hash and maglev.
import { byteString } from '../base/hash.ts'
import type { Sliced } from '../base/slices.ts'
import type { Balanced } from './picker.ts'

/** What tables are built of. Numbers are positions in both lists. */
export interface HashMembers {
  /** One character per byte. */
  readonly names: readonly string[]
  /** Parts of 1. */
  readonly shares: Float64Array
}

export interface HashTable {
  /** Number of the member for a hash; -1 when there are none. */
  find(high: number, low: number, repick: number): number
}

/** `table` may be asked once `step` has said that all is done. */
export interface TableBuild extends Sliced {
  readonly table: HashTable
}

/** One way of making tables. */
export interface TableKind {
  /** Same text: same tables of same members. */
  readonly id: string
  /** How large a whole table of these members is. */
  entries(members: HashMembers): number
  /** How many entries of a table of these members are built within a few milliseconds, also in a cold process. */
  atOnce(members: HashMembers): number
  /** @param maximum a larger table is made smaller, with the same members and shares */
  build(members: HashMembers, maximum: number): TableBuild
}

/** Envoy's order: the name that was given, the host name where it is asked for, the address. */
export function membersOf(hosts: readonly Balanced[], by: 'address' | 'hostname', shares?: Float64Array): HashMembers {
  const hashName = (host: Balanced): string =>
    host.hashName ?? (by === 'hostname' ? host.hostname : undefined) ?? host.key ?? ''
  return { names: hosts.map((host) => byteString(hashName(host))), shares: shares ?? sharesOf(hosts) }
}

/** Weights as parts of 1. */
function sharesOf(hosts: readonly Balanced[]): Float64Array {
  let sum = 0
  for (const host of hosts) sum += host.weight
  return Float64Array.from(hosts, (host) => host.weight / sum)
}

export function sameMembers(a: HashMembers, b: HashMembers): boolean {
  return (
    a.names.length === b.names.length &&
    a.names.every((name, i) => name === b.names[i]) &&
    a.shares.every((share, i) => share === b.shares[i])
  )
}

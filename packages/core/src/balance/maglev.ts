// Maglev: a table of prime size that hosts fill in turn, each in an order of its own; a key finds its slot at once.
// Source: Envoy MaglevTable, to the bit (the paper's listing 1 with weights). Built in pieces.
import { type Hash64, xxHash64 } from '../base/hash.ts'
import type { HashMembers, HashTable, TableBuild, TableKind } from './hash-table.ts'

const probesPerStep = 16_384
/** Envoy's default is built at once for a few hosts; before larger tables a small one serves. Primes. */
const defaultSize = 65_537
const fewHosts = 100
const smallSize = 4_099

export function maglevKind(tableSize: number): TableKind {
  return {
    id: `maglev ${tableSize}`,
    entries: () => tableSize,
    atOnce: ({ names }) => (names.length > fewHosts ? smallSize : defaultSize),
    build: (members, maximum) => new MaglevBuild(members, tableSize <= maximum ? tableSize : smallSize),
  }
}

class Maglev implements HashTable {
  /** Number of the member in each slot, counted from 1; 0: empty. */
  readonly slots: Uint32Array
  readonly #size: number
  readonly #radix: number

  constructor(size: number) {
    this.#size = size
    this.#radix = radixOf(size)
    this.slots = new Uint32Array(size)
  }

  find(high: number, low: number, repick: number): number {
    // another attempt is another hash: hash ^ -repick
    const h = repick === 0 ? high : ~high >>> 0
    const l = repick === 0 ? low : (low ^ -repick) >>> 0
    return (this.slots[modulo(h, l, this.#size, this.#radix)] ?? 0) - 1
  }
}

class MaglevBuild implements TableBuild {
  readonly table: Maglev
  readonly #size: number
  readonly #shares: Float64Array
  /** Members in the order of their names, which is the order of their turns. */
  readonly #order: Uint32Array
  /** The slot each looks at next, and how far it goes on from there. */
  readonly #next: Uint32Array
  readonly #skip: Uint32Array
  readonly #target: Float64Array
  readonly #largest: number
  #filled = 0
  #round = 1
  #turn = 0
  /** A member was still looking for a free slot when the step ended. */
  #seeking = false

  constructor({ names, shares }: HashMembers, size: number) {
    this.#size = size
    this.#shares = shares
    this.table = new Maglev(size)
    this.#order = Uint32Array.from(names.keys()).sort((a, b) => compare(names[a] ?? '', names[b] ?? ''))
    this.#next = Uint32Array.from(names, (name) => hashModulo(name, zero, size))
    this.#skip = Uint32Array.from(names, (name) => hashModulo(name, one, size - 1) + 1)
    this.#target = new Float64Array(names.length)
    this.#largest = shares.reduce((largest, share) => Math.max(largest, share), 0)
  }

  step(): boolean {
    if (this.#order.length === 0) return true
    let left = probesPerStep
    while (left > 0 && this.#filled < this.#size) {
      const member = this.#order[this.#turn] ?? 0
      if (this.#seeking || this.#isDue(member)) left = this.#fill(member, left)
      if (this.#seeking) return false
      left--
      this.#turn++
      if (this.#turn === this.#order.length) {
        this.#turn = 0
        this.#round++
      }
    }
    return this.#filled === this.#size
  }

  /** The largest weight has a turn each round, others as often as their weight says. */
  #isDue(member: number): boolean {
    const target = this.#target[member] ?? 0
    if (this.#round * (this.#shares[member] ?? 0) < target) return false
    this.#target[member] = target + this.#largest
    return true
  }

  /** Takes the next free slot of the member's own order. @returns how many more slots may be looked at */
  #fill(member: number, budget: number): number {
    const { slots } = this.table
    const size = this.#size
    const skip = this.#skip[member] ?? 1
    let slot = this.#next[member] ?? 0
    let left = budget
    for (; slots[slot] !== 0 && left > 0; left--) {
      slot += skip
      if (slot >= size) slot -= size
    }
    this.#next[member] = slot
    this.#seeking = slots[slot] !== 0
    if (this.#seeking) return 0
    // it stays the next to look at, and is left then, because it is taken
    slots[slot] = member + 1
    this.#filled++
    return left
  }
}

const hash: Hash64 = { high: 0, low: 0 }
const zero: Hash64 = { high: 0, low: 0 }
const one: Hash64 = { high: 0, low: 1 }

function hashModulo(name: string, seed: Hash64, size: number): number {
  xxHash64(name, hash, seed)
  return modulo(hash.high, hash.low, size, radixOf(size))
}

/** What the high half counts, modulo the size. */
function radixOf(size: number): number {
  return 0x1_0000_0000 % size
}

function modulo(high: number, low: number, size: number, radix: number): number {
  const sum = ((high >>> 0) % size) * radix + low
  const rest = sum - Math.floor(sum / size) * size
  // the quotient may have been rounded up to the next integer
  return rest < 0 ? rest + size : rest
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

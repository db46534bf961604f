// Ketama ring: every host stands at many points of a circle of hashes, as many as its weight says; a key finds the next point.
// Source: Envoy RingHashLoadBalancer, to the bit. Built in pieces: count, hash, sort into buckets by the high bits.
import { type Hash64, xxHash64 } from '../base/hash.ts'
import type { HashMembers, HashTable, TableBuild, TableKind } from './hash-table.ts'

const pointsPerStep = 1_024
const bucketsPerStep = 4_096

export function ringKind(minimumRingSize: number, maximumRingSize = 8_388_608): TableKind {
  return {
    id: `ring ${minimumRingSize} ${maximumRingSize}`,
    entries: ({ shares }) => Math.ceil(scaleOf(shares, minimumRingSize, maximumRingSize)),
    atOnce: () => 1_024,
    build: (members, maximum) => new RingBuild(members, minimumRingSize, Math.min(maximumRingSize, maximum)),
  }
}

/** Points in the order of their hashes, found by bucket. */
class Ring implements HashTable {
  readonly size: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Number of the member that stands at each point. */
  readonly owner: Uint32Array
  /** Where each bucket begins, and at the end the size. */
  readonly starts: Uint32Array
  /** Bucket of a hash: its high half moved right by this. */
  readonly shift: number

  constructor(size: number) {
    this.size = size
    this.high = new Uint32Array(size)
    this.low = new Uint32Array(size)
    this.owner = new Uint32Array(size)
    // one or two points a bucket; at least two buckets, for a word cannot be moved by all its bits
    const bits = Math.max(1, 31 - Math.clz32(size))
    this.shift = 32 - bits
    this.starts = new Uint32Array((1 << bits) + 1)
  }

  find(high: number, low: number, repick: number): number {
    const { size } = this
    if (size === 0) return -1
    const bucket = high >>> this.shift
    const end = this.starts[bucket + 1] ?? 0
    let at = this.starts[bucket] ?? 0
    while (at < end && isBefore(this.high[at] ?? 0, this.low[at] ?? 0, high, low)) at++
    // past the last point the circle begins again
    at += repick
    if (at >= size) at %= size
    return this.owner[at] ?? -1
  }
}

class RingBuild implements TableBuild {
  readonly table: Ring
  readonly #members: HashMembers
  /** Points of each member. */
  readonly #counts: Uint32Array
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #owner: Uint32Array
  readonly #hash: Hash64 = { high: 0, low: 0 }
  #phase: 'hash' | 'add' | 'place' | 'sort' = 'hash'
  #at = 0
  #member = 0
  #point = 0
  #sum = 0

  constructor(members: HashMembers, minimum: number, maximum: number) {
    this.#members = members
    this.#counts = new Uint32Array(members.names.length)
    const size = countPoints(members.shares, minimum, maximum, this.#counts)
    this.table = new Ring(size)
    this.#high = new Uint32Array(size)
    this.#low = new Uint32Array(size)
    this.#owner = new Uint32Array(size)
  }

  step(): boolean {
    switch (this.#phase) {
      case 'hash':
        return this.#next(this.#hashSome(), 'add')
      case 'add':
        return this.#next(this.#addSome(), 'place')
      case 'place':
        return this.#next(this.#placeSome(), 'sort')
      case 'sort':
        return this.#sortSome()
    }
  }

  #next(done: boolean, phase: 'add' | 'place' | 'sort'): false {
    if (done) {
      this.#phase = phase
      this.#at = 0
    }
    return false
  }

  /** The points in the order of their making; `starts` counts those of each bucket. */
  #hashSome(): boolean {
    const { size, shift, starts } = this.table
    const { names } = this.#members
    const end = Math.min(size, this.#at + pointsPerStep)
    const hash = this.#hash
    for (; this.#at < end; this.#at++) {
      while (this.#point === this.#counts[this.#member]) {
        this.#member++
        this.#point = 0
      }
      xxHash64(`${names[this.#member] ?? ''}_${this.#point++}`, hash)
      this.#high[this.#at] = hash.high
      this.#low[this.#at] = hash.low
      this.#owner[this.#at] = this.#member
      const bucket = hash.high >>> shift
      starts[bucket] = (starts[bucket] ?? 0) + 1
    }
    return end === size
  }

  /** Counts become the ends of buckets. */
  #addSome(): boolean {
    const { starts } = this.table
    const end = Math.min(starts.length, this.#at + 8 * bucketsPerStep)
    for (; this.#at < end; this.#at++) {
      this.#sum += starts[this.#at] ?? 0
      starts[this.#at] = this.#sum
    }
    return end === starts.length
  }

  /** Each point into its bucket, from the bucket's end, which thereby becomes its start. */
  #placeSome(): boolean {
    const { size, shift, starts, high, low, owner } = this.table
    const end = Math.min(size, this.#at + 4 * pointsPerStep)
    for (; this.#at < end; this.#at++) {
      const from = size - 1 - this.#at
      const bucket = (this.#high[from] ?? 0) >>> shift
      const to = (starts[bucket] ?? 0) - 1
      starts[bucket] = to
      high[to] = this.#high[from] ?? 0
      low[to] = this.#low[from] ?? 0
      owner[to] = this.#owner[from] ?? 0
    }
    return end === size
  }

  /** Buckets hold a handful of points each. */
  #sortSome(): boolean {
    const { starts } = this.table
    const buckets = starts.length - 1
    const end = Math.min(buckets, this.#at + bucketsPerStep)
    for (; this.#at < end; this.#at++) sortPoints(this.table, starts[this.#at] ?? 0, starts[this.#at + 1] ?? 0)
    return end === buckets
  }
}

/** Points of a share of 1: as many as make the smallest share a whole number. */
function scaleOf(shares: Float64Array, minimum: number, maximum: number): number {
  let smallest = 1
  for (const share of shares) if (share < smallest) smallest = share
  return Math.min(Math.ceil(smallest * minimum) / smallest, maximum)
}

/** Points follow a running sum, since not every share makes a whole number. @returns how many there are in all */
function countPoints(shares: Float64Array, minimum: number, maximum: number, counts: Uint32Array): number {
  const scale = scaleOf(shares, minimum, maximum)
  let size = 0
  let target = 0
  for (let i = 0; i < shares.length; i++) {
    target += scale * (shares[i] ?? 0)
    const until = Math.max(size, Math.ceil(target))
    counts[i] = until - size
    size = until
  }
  return size
}

function sortPoints({ high, low, owner }: Ring, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const h = high[i] ?? 0
    const l = low[i] ?? 0
    const o = owner[i] ?? 0
    let to = i
    for (; to > start && isBefore(h, l, high[to - 1] ?? 0, low[to - 1] ?? 0); to--) {
      high[to] = high[to - 1] ?? 0
      low[to] = low[to - 1] ?? 0
      owner[to] = owner[to - 1] ?? 0
    }
    high[to] = h
    low[to] = l
    owner[to] = o
  }
}

function isBefore(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh < bHigh || (aHigh === bHigh && aLow < bLow)
}

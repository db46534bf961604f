// Which part of the answers came within what time, over the last minute: a histogram in steps of an eighth of a doubling.
// Good to about five percent; asked for percentiles by hedging and by retries that must end in time.
import type { Clock } from '../base/clock.ts'

const leastMs = 0.25
const steps = 8
/** Up to about 131 s. */
const buckets = 19 * steps
const slices = 6
const sliceMs = 10_000
/** With fewer answers nothing is known. */
const fewest = 20
/** A percentile is kept for so many answers. */
const keptFor = 32

export class LatencyWindow {
  readonly #clock: Pick<Clock, 'now'>
  readonly #counts = new Uint32Array(buckets)
  readonly #slices = Array.from({ length: slices }, () => new Uint32Array(buckets))
  #slice = Number.NaN
  #total = 0
  readonly #kept = new Map<number, number>()
  #sinceKept = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  observe(tookMs: number): void {
    this.#turn()
    const bucket = bucketOf(tookMs)
    const slice = this.#slices[this.#slice % slices]
    if (slice === undefined) return
    slice[bucket] = (slice[bucket] ?? 0) + 1
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total++
    if (++this.#sinceKept >= keptFor) this.#kept.clear()
  }

  /** The time within which this share of the answers came; undefined: too few came lately. */
  percentile(share: number): number | undefined {
    this.#turn()
    if (this.#total < fewest) return undefined
    const known = this.#kept.get(share)
    if (known !== undefined) return known
    let left = share * this.#total
    let bucket = 0
    while (bucket < buckets - 1 && (left -= this.#counts[bucket] ?? 0) > 0) bucket++
    const found = upperMs(bucket)
    if (this.#kept.size === 0) this.#sinceKept = 0
    this.#kept.set(share, found)
    return found
  }

  #turn(): void {
    const slice = Math.floor(this.#clock.now() / sliceMs)
    if (slice === this.#slice) return
    const from = Math.max(Number.isNaN(this.#slice) ? slice - slices : this.#slice, slice - slices)
    for (let passed = from + 1; passed <= slice; passed++) this.#forget(((passed % slices) + slices) % slices)
    this.#slice = slice
    this.#kept.clear()
  }

  #forget(place: number): void {
    const old = this.#slices[place]
    if (old === undefined) return
    for (let bucket = 0; bucket < buckets; bucket++) {
      const count = old[bucket] ?? 0
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) - count
      this.#total -= count
    }
    old.fill(0)
  }
}

function bucketOf(ms: number): number {
  if (!(ms > leastMs)) return 0
  return Math.min(buckets - 1, Math.ceil(Math.log2(ms / leastMs) * steps))
}

function upperMs(bucket: number): number {
  return leastMs * 2 ** (bucket / steps)
}

// All variants of a comparison side by side in one process: short slices, shuffled in every round, CPU time of each.
// What gave stable ratios (PERFORMANCE 8.2); everything else that was tried did not.
import { halfInterval, median, shuffled, trimmedMean, xorshift } from './statistics.ts'

export interface Variant {
  /** One call to its end. @throws when the answer is not the expected one */
  readonly call: () => Promise<void>
  /** CPU of other processes that work for this variant, in microseconds so far. */
  readonly otherCpu?: () => number
}

export interface Shape {
  /** At most, where a precision is asked for. */
  readonly rounds: number
  /** Rounds end as soon as the interval of the trimmed mean of `ours` / `base` is no wider than plus or minus so much. */
  readonly precision?: number
  /** Rounds that do not count; 12 unless told. */
  readonly warmUpRounds?: number
  /** Calls of one slice. */
  readonly calls: number
  readonly concurrency: number
  /** Measure each call's time too; for concurrency 1. */
  readonly latency?: boolean
}

/** One slice: CPU per call, and the median time of a call where asked for, both in microseconds. */
export interface Slice {
  readonly cpu: number
  readonly p50: number
}

export type Slices<K extends string> = Readonly<Record<K, readonly Slice[]>>

const usualWarmUpRounds = 12
/** Before so many an interval is chance. */
const fewestRounds = 20

export async function runRounds<K extends string>(
  variants: Readonly<Record<K, Variant>>,
  shape: Shape,
): Promise<Slices<K>> {
  const names = Object.keys(variants) as K[]
  const slices = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, Slice[]>
  const next = xorshift(process.pid)
  for (let round = -(shape.warmUpRounds ?? usualWarmUpRounds); round < shape.rounds; round++) {
    for (const name of shuffled(names, next)) {
      const slice = await runSlice(variants[name], shape)
      if (round >= 0) slices[name].push(slice)
    }
    if (isPrecise(slices, shape.precision)) break
  }
  return slices
}

function isPrecise(slices: Slices<string>, precision: number | undefined): boolean {
  const { ours, base, twin } = slices
  if (precision === undefined || ours === undefined || base === undefined || ours.length < fewestRounds) return false
  return ratioOf(ours, twin === undefined ? base : mean(base, twin), trimmedMean).ci <= precision
}

async function runSlice({ call, otherCpu }: Variant, { calls, concurrency, latency }: Shape): Promise<Slice> {
  const times: number[] = []
  const otherBefore = otherCpu?.() ?? 0
  const before = process.cpuUsage()
  if (latency === true) await timed(call, calls, times)
  else await drive(call, calls, concurrency)
  const { user, system } = process.cpuUsage(before)
  const other = (otherCpu?.() ?? 0) - otherBefore
  return { cpu: (user + system + other) / calls, p50: times.length === 0 ? 0 : median(times) }
}

async function drive(call: () => Promise<void>, calls: number, concurrency: number): Promise<void> {
  let left = calls
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

async function timed(call: () => Promise<void>, calls: number, times: number[]): Promise<void> {
  for (let i = 0; i < calls; i++) {
    const start = performance.now()
    await call()
    times.push((performance.now() - start) * 1_000)
  }
}

export interface Ratio {
  readonly ours: number
  readonly base: number
  readonly ratio: number
  readonly ci: number
}

/** CPU: the median of the ratios of each round, or another middle of them. */
export function ratioOf(ours: readonly Slice[], base: readonly Slice[], middle: Middle = median): Ratio {
  return ratio(
    ours.map(({ cpu }) => cpu),
    base.map(({ cpu }) => cpu),
    middle,
  )
}

type Middle = (values: readonly number[]) => number

/** What a call costs beyond a bare one, which is measured twice in each round; the median of the ratios of each round. */
export function addedRatio(
  part: keyof Slice,
  { ours, theirs, base, twin }: Slices<'ours' | 'theirs' | 'base' | 'twin'>,
): Ratio {
  const bare = mean(base, twin)
  const added = (slices: readonly Slice[]): number[] =>
    slices.map((slice, round) => slice[part] - (bare[round]?.[part] ?? Number.NaN))
  return ratio(added(ours), added(theirs))
}

function ratio(ours: readonly number[], base: readonly number[], middle: Middle = median): Ratio {
  const ratios = ours.map((value, round) => value / (base[round] ?? Number.NaN))
  return { ours: median(ours), base: median(base), ratio: middle(ratios), ci: halfInterval(ratios, middle) }
}

/** Two equal variants as one: their mean in each round. */
export function mean(one: readonly Slice[], other: readonly Slice[]): Slice[] {
  return one.map(({ cpu, p50 }, round) => {
    const twin = other[round] ?? { cpu, p50 }
    return { cpu: (cpu + twin.cpu) / 2, p50: (p50 + twin.p50) / 2 }
  })
}

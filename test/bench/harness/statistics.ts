// Medians and how sure they are: bootstrap confidence intervals with a fixed seed.

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

const resamples = 1_000

/** The mean of what is left when a tenth is cut off at either end: for what comes in lumps, of which a median sees one kind. */
export function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 10)
  const kept = values.toSorted((a, b) => a - b).slice(cut, values.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}

/** Half the width of the 95 % interval of the median, or of another figure. */
export function halfInterval(
  values: readonly number[],
  figure: (values: readonly number[]) => number = median,
): number {
  const next = xorshift(values.length)
  const found: number[] = []
  for (let i = 0; i < resamples; i++) {
    const sample = values.map(() => values[next() % values.length] ?? Number.NaN)
    found.push(figure(sample))
  }
  return (quantile(found, 0.975) - quantile(found, 0.025)) / 2
}

/** A generator of 32-bit numbers; for shuffling and resampling only. */
export function xorshift(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>>= 0)
  }
}

export function shuffled<T>(values: readonly T[], next: () => number): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const other = next() % (i + 1)
    const kept = result[i] as T
    result[i] = result[other] as T
    result[other] = kept
  }
  return result
}

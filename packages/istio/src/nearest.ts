// The name that was probably meant: the one at the smallest edit distance, when that is small.

export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    const steps = distance(word.toLowerCase(), name.toLowerCase())
    if (steps >= least) continue
    least = steps
    best = name
  }
  return best
}

/** ` (did you mean "…"?)`, or nothing. */
export function didYouMean(word: string, names: readonly string[]): string {
  const close = nearest(word, names)
  return close === undefined ? '' : ` (did you mean "${close}"?)`
}

/** Letters to insert, delete or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

// A range of integers as a pattern, because the engine matches texts: [start, end), with sign and leading zeros.
// Not for people: a range over many digits makes a long pattern.

/** Undefined when the range is empty. */
export function rangePattern(start: number, end: number): string | undefined {
  const last = end - 1
  if (start > last) return undefined
  const parts: string[] = []
  if (start < 0) parts.push(...naturals(Math.max(1, -Math.min(last, -1)), -start).map((each) => `-0*${each}`))
  if (last >= 0) parts.push(...naturals(Math.max(0, start), last).map((each) => `\\+?0*${each}`))
  if (start <= 0 && last >= 0) parts.push('-0+')
  return `(?:${parts.join('|')})`
}

/** Patterns of the natural numbers from `low` to `high`, each of one length and one run of leading digits. */
function naturals(low: number, high: number): string[] {
  const patterns: string[] = []
  for (let from = BigInt(low); from <= BigInt(high);) {
    let free = 0
    let size = 1n
    // the largest block of 10^n numbers that begins here and stays within
    while (from % (size * 10n) === 0n && from + size * 10n - 1n <= BigInt(high) && from >= size * 10n) {
      size *= 10n
      free++
    }
    const head = from / size
    const lastDigit = head % 10n
    let steps = 9n - lastDigit
    while (from + (steps + 1n) * size - 1n > BigInt(high)) steps--
    const lead = head / 10n === 0n ? '' : String(head / 10n)
    const digits = steps === 0n ? String(lastDigit) : `[${lastDigit}-${lastDigit + steps}]`
    patterns.push(`${lead}${digits}${free === 0 ? '' : `[0-9]{${free}}`}`)
    from += (steps + 1n) * size
  }
  return patterns
}

// A set of code points as sorted, disjoint ranges: what one atom of a pattern can match.
// Pure data for safe-pattern and its parser.

/** Flat pairs of first and last code point, ascending, neither touching nor overlapping. */
export type CharSet = readonly number[]

const lastCodePoint = 0x10ffff

/** @param pairs first and last of each range, in any order, overlapping or not */
export function charSet(pairs: readonly (readonly [number, number])[]): CharSet {
  const ranges: number[] = []
  for (const [first, last] of [...pairs].sort(([a], [b]) => a - b)) {
    const end = ranges.at(-1)
    if (end !== undefined && first <= end + 1) ranges[ranges.length - 1] = Math.max(end, last)
    else ranges.push(first, last)
  }
  return ranges
}

export function single(codePoint: number): CharSet {
  return [codePoint, codePoint]
}

export function union(sets: readonly CharSet[]): CharSet {
  return charSet(sets.flatMap(pairsOf))
}

export function complement(set: CharSet): CharSet {
  const ranges: number[] = []
  let next = 0
  for (const [first, last] of pairsOf(set)) {
    if (first > next) ranges.push(next, first - 1)
    next = last + 1
  }
  if (next <= lastCodePoint) ranges.push(next, lastCodePoint)
  return ranges
}

export function intersects(a: CharSet, b: CharSet): boolean {
  return pairsOf(a).some(([first, last]) => pairsOf(b).some(([from, to]) => first <= to && from <= last))
}

/** The set as the source of a character class for a RegExp with the `u` flag. */
export function classSource(set: CharSet): string {
  const open = set[0] === 0 && set.at(-1) === lastCodePoint
  const ranges = pairsOf(open ? complement(set) : set)
  return `[${open ? '^' : ''}${ranges.map(([first, last]) => rangeSource(first, last)).join('')}]`
}

function rangeSource(first: number, last: number): string {
  return first === last ? escape(first) : `${escape(first)}-${escape(last)}`
}

function escape(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`
}

function pairsOf(set: CharSet): [number, number][] {
  const pairs: [number, number][] = []
  for (let index = 0; index < set.length; index += 2) pairs.push([set[index] ?? 0, set[index + 1] ?? 0])
  return pairs
}

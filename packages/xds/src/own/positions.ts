// Where the endpoints of a group stand among all of their cluster, as ranges: `0-4 7 9-12`. Both directions.

export function writePositions(positions: readonly number[]): string {
  const parts: string[] = []
  for (let n = 0; n < positions.length;) {
    const first = positions[n]!
    let last = first
    while (positions[++n] === last + 1) last++
    parts.push(first === last ? String(first) : `${first}-${last}`)
  }
  return parts.join(' ')
}

/** Undefined unless it is `count` positions. */
export function readPositions(text: string | undefined, count: number): number[] | undefined {
  if (text === undefined) return undefined
  const positions: number[] = []
  for (const part of text.split(' ')) {
    const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    for (let at = Number(first || NaN); at <= Number(last); at++) {
      if (positions.length === count) return undefined
      positions.push(at)
    }
  }
  return positions.length === count ? positions : undefined
}

/** The items at their positions, or as they came unless the positions are each of them once. */
export function placed<T>(items: readonly T[], positions: readonly number[]): readonly T[] {
  const result = new Array<T | undefined>(items.length).fill(undefined)
  const taken = new Set(positions)
  if (taken.size !== items.length || positions.some((at) => at >= items.length)) return items
  positions.forEach((at, n) => {
    result[at] = items[n]
  })
  return result as T[]
}

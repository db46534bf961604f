// Unchanged parts of a new configuration are replaced by their old selves, so that only what changed is compiled.

/** `before` where it says the same as `next`. */
export function keep<T>(before: T | undefined, next: T): T {
  return before !== undefined && isSame(before, next) ? before : next
}

/** Deep equality of plain data. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let index = 0; index < a.length; index++) if (!isSame(a[index], b[index])) return false
    return true
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.toString() === b.toString()
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  let keys = 0
  for (const key in left) {
    keys++
    if (!isSame(left[key], right[key])) return false
  }
  for (const _ in right) keys--
  return keys === 0
}

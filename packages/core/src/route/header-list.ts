// Headers as one flat list of names and values, names lower case: what is edited and sent.
// Mutable on purpose: one list per call, no objects per header.

/** `[name, value, name, value, ...]` */
export type HeaderList = string[]

/** One line, several lines, or absent. */
export function getHeader(list: HeaderList, name: string): string | string[] | undefined {
  const first = positionOf(list, name, 0)
  if (first === -1) return undefined
  const value = list[first + 1] ?? ''
  let next = positionOf(list, name, first + 2)
  if (next === -1) return value
  const lines = [value]
  for (; next !== -1; next = positionOf(list, name, next + 2)) lines.push(list[next + 1] ?? '')
  return lines
}

/** One of 32 bits for a name. Several names share one: it tells only what is not there. */
export function nameBit(name: string): number {
  return 1 << (name.length * 5 + name.charCodeAt(name.length - 1))
}

/** The bits of all names in a list. */
export function nameBits(list: HeaderList): number {
  let bits = 0
  for (let i = 0; i < list.length; i += 2) bits |= nameBit(list[i] ?? '')
  return bits
}

export function removeHeader(list: HeaderList, name: string): void {
  for (let at = positionOf(list, name, 0); at !== -1; at = positionOf(list, name, at)) list.splice(at, 2)
}

/** Leaves one line with this value: the first keeps its place. */
export function setHeader(list: HeaderList, name: string, value: string): void {
  const first = positionOf(list, name, 0)
  if (first === -1) {
    list.push(name, value)
    return
  }
  list[first + 1] = value
  for (let at = positionOf(list, name, first + 2); at !== -1; at = positionOf(list, name, at)) list.splice(at, 2)
}

/** Where a name stands, from an even position on; -1 when it does not. */
function positionOf(list: HeaderList, name: string, from: number): number {
  const { length } = name
  for (let i = from; i < list.length; i += 2) {
    const each = list[i]
    // lengths first: comparing strings costs a call, comparing numbers does not
    if (each !== undefined && each.length === length && each === name) return i
  }
  return -1
}

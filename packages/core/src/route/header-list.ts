// Headers as one flat list of names and values, names lower case: what is edited and sent.
// Mutable on purpose: one list per call, no objects per header.

/** `[name, value, name, value, ...]` */
export type HeaderList = string[]

export function getHeader(list: HeaderList, name: string): HeaderLinesFound {
  let found: HeaderLinesFound = undefined
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== name) continue
    const value = list[i + 1] ?? ''
    if (found === undefined) found = value
    else if (typeof found === 'string') found = [found, value]
    else found.push(value)
  }
  return found
}

type HeaderLinesFound = string | string[] | undefined

export function removeHeader(list: HeaderList, name: string): void {
  let kept = 0
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === name) continue
    if (kept !== i) {
      list[kept] = list[i] ?? ''
      list[kept + 1] = list[i + 1] ?? ''
    }
    kept += 2
  }
  list.length = kept
}

/** Leaves one line with this value: the first keeps its place. */
export function setHeader(list: HeaderList, name: string, value: string): void {
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== name) continue
    list[i + 1] = value
    removeAfter(list, name, i + 2)
    return
  }
  list.push(name, value)
}

function removeAfter(list: HeaderList, name: string, from: number): void {
  for (let i = list.length - 2; i >= from; i -= 2) if (list[i] === name) list.splice(i, 2)
}

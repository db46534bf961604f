// Paths inside a document: `spec.http[0].match[1].headers["x.y"]`, written and read back.

export type PathKey = string | number

export function joinPath(base: string, key: PathKey): string {
  if (typeof key === 'number') return `${base}[${key}]`
  if (!/^[\w-]+$/.test(key)) return `${base}[${JSON.stringify(key)}]`
  return base === '' ? key : `${base}.${key}`
}

export function formatPath(keys: readonly PropertyKey[], base = ''): string {
  let path = base
  for (const key of keys) path = joinPath(path, typeof key === 'symbol' ? String(key) : key)
  return path
}

export function parsePath(path: string): PathKey[] {
  const keys: PathKey[] = []
  for (const part of path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    if (part[1] !== undefined) keys.push(Number(part[1]))
    else if (part[2] !== undefined) keys.push(JSON.parse(`"${part[2]}"`) as string)
    else if (part[3] !== undefined) keys.push(part[3])
  }
  return keys
}

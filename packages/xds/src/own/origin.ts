// Where values were set, so that `explain` names the document over xDS too. Short, for every route has some:
// [resource, path, source, line, column], of which the last are there as far as they are known.
import type { Origin } from '@proxyless/core/spi'
import { listIn, objectIn, type Own } from './metadata.ts'

type Origins = Readonly<Record<string, Origin>>

export function writeOrigins(origin: Origin, origins: Origins): Own {
  const entries = Object.entries(origins).map(([part, each]) => [part, listOf(each)] as const)
  return { origin: listOf(origin), ...(entries.length === 0 ? {} : { origins: Object.fromEntries(entries) }) }
}

export function readOrigin(own: Own | undefined): Origin | undefined {
  const list = listIn(own, 'origin')
  return list && originOf(list)
}

export function readOrigins(own: Own | undefined): Origins {
  const entries = Object.entries(objectIn(own, 'origins') ?? {}).flatMap(([part, list]) => {
    const origin = Array.isArray(list) ? originOf(list) : undefined
    return origin === undefined ? [] : [[part, origin] as const]
  })
  return Object.fromEntries(entries)
}

function listOf({ resource, path, source, position }: Origin): (string | number)[] {
  if (position !== undefined) return [resource, path, position.source, position.line, position.column]
  return source === undefined ? [resource, path] : [resource, path, source]
}

function originOf([resource, path, source, line, column]: readonly unknown[]): Origin | undefined {
  if (typeof resource !== 'string' || typeof path !== 'string') return undefined
  if (typeof source !== 'string') return { resource, path }
  const placed = typeof line === 'number' && typeof column === 'number'
  return { resource, path, source, ...(placed ? { position: { source, line, column } } : {}) }
}

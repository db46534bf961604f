// A match entry in the engine's words.
import type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from '@proxyless/core/spi'
import type { StringMatchSpec } from '../schema/primitives.ts'
import type { HttpMatchSpec } from '../schema/virtual-service.ts'

export const MATCH_ALL: RouteMatch = {
  path: { kind: 'prefix', value: '/', ignoreCase: false },
  headers: [],
  queryParameters: [],
}

export function translateMatch(match: HttpMatchSpec | undefined): RouteMatch {
  if (match === undefined) return MATCH_ALL
  return {
    path: translatePath(match),
    headers: translateHeaders(match),
    queryParameters: Object.entries(match.queryParams ?? {})
      .map(([name, value]): QueryParameterMatch => ({ name, match: translateString(value) }))
      .toSorted(byName),
  }
}

/** True when nothing can pass by a route of this match. */
export function isCatchAll({ path, headers, queryParameters }: RouteMatch): boolean {
  const every =
    path.kind === 'prefix'
      ? path.value === '/' || path.value === ''
      : path.kind === 'regex' && /^(\.\*|\/\.\*|\*)$/.test(path.value)
  return every && headers.length === 0 && queryParameters.length === 0
}

function translatePath({ uri, ignoreUriCase }: HttpMatchSpec): PathMatch {
  const ignoreCase = ignoreUriCase ?? false
  if (uri?.regex !== undefined) return { kind: 'regex', value: uri.regex }
  if (uri?.exact !== undefined) return { kind: 'exact', value: uri.exact, ignoreCase }
  return { kind: 'prefix', value: uri?.prefix ?? '/', ignoreCase }
}

function translateHeaders(match: HttpMatchSpec): HeaderMatch[] {
  const headers: HeaderMatch[] = []
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    headers.push({ name: name.toLowerCase(), match: translateString(value), invert: false })
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    headers.push({ name: name.toLowerCase(), match: translateString(value ?? {}), invert: true })
  }
  headers.sort(byName)
  for (const name of ['method', 'authority', 'scheme'] as const) {
    const value = match[name]
    if (value !== undefined) headers.push({ name: `:${name}`, match: translateString(value), invert: false })
  }
  return headers
}

function translateString({ exact, prefix, regex }: StringMatchSpec): StringMatch {
  if (exact !== undefined) return { kind: 'exact', value: exact }
  if (prefix !== undefined) return { kind: 'prefix', value: prefix }
  if (regex !== undefined && regex !== '*') return { kind: 'regex', value: regex }
  return { kind: 'present' }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

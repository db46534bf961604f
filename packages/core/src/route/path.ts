// Prepares a path for matching and forwarding: Envoy's path transformations (HCM "path_normalization").
// Called once per call, before the route is sought.
import type { PathNormalization } from '../model/config.ts'

const unreserved = /^[A-Za-z0-9\-._~]$/

/** Splits a target into path and query, fragment dropped. `query` is undefined when there is no `?`. */
export function splitTarget(target: string): { path: string; query: string | undefined } {
  const hash = target.indexOf('#')
  const clean = hash === -1 ? target : target.slice(0, hash)
  const mark = clean.indexOf('?')
  return mark === -1 ? { path: clean, query: undefined } : { path: clean.slice(0, mark), query: clean.slice(mark + 1) }
}

/** The prepared path, or undefined when it is invalid (answered with 400). */
export function preparePath(path: string, mode: PathNormalization): string | undefined {
  if (mode === 'none' || isPlain(path, mode)) return path
  let prepared = path
  if (mode === 'decodeAndMergeSlashes') prepared = prepared.replace(/%2f/gi, '/').replace(/%5c/gi, '\\')
  const escaped = reescape(prepared.replace(dotParameters, ''))
  if (escaped === undefined) return undefined
  const resolved = resolveDots(escaped.replaceAll('\\', '/'))
  if (resolved === undefined) return undefined
  return mode === 'base' ? resolved : mergeSlashes(resolved)
}

const special = /^[^/]|^$|[#?%\\"<>^`{|}\0-\x20\x7f-\uffff]|\/\./

/** True when a target is its own prepared path: no query, no fragment, nothing to change. The common case at one look. */
export function isPlain(target: string, mode: PathNormalization): boolean {
  return !special.test(target) && (mode === 'base' || !target.includes('//'))
}

/** Nothing but slashes becomes two, as in Envoy. */
function mergeSlashes(path: string): string {
  return /^\/{2,}$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/')
}

/** `..;x` is `..`, where neither dots nor slash are escaped. */
const dotParameters = /(?<=\/\.{1,2});[^/]*/g

const toEscape = /["<>^`{|}\0-\x20\x7f-\uffff]+/g
const toDecode = /%([0-9a-f]{2})?/gi

/** Escapes as Envoy's canonical paths have them: none of unreserved characters, all of what URLs may not hold. */
function reescape(path: string): string | undefined {
  if (/%00/.test(path)) return undefined
  const safe = path.replace(toEscape, percentEncoded)
  let decoded = ''
  let from = 0
  /** Where a `%` stands that escapes nothing. */
  let bare = -3
  for (const { 0: escape, 1: hex, index } of safe.matchAll(toDecode)) {
    decoded += safe.slice(from, index)
    from = index + escape.length
    const char = hex === undefined ? escape : String.fromCharCode(Number.parseInt(hex, 16))
    if (hex === undefined) bare = decoded.length
    decoded += hex === undefined || unreserved.test(char) ? char : escape
    // nor may what was decoded make an escape of it
    const made = decoded.slice(bare) + safe.slice(from, from + 1)
    if (hex !== undefined && bare >= decoded.length - 3 && /^%[0-9a-f]{2}/i.test(made)) {
      decoded = `${decoded.slice(0, bare)}%25${decoded.slice(bare + 1)}`
      bare = -3
    }
  }
  return decoded + safe.slice(from)
}

function percentEncoded(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

function resolveDots(path: string): string | undefined {
  if (!path.startsWith('/')) return path === '*' ? path : undefined
  const out: string[] = []
  const segments = path.slice(1).split('/')
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1
    if (segment === '..') {
      out.pop()
      if (last) out.push('')
    } else if (segment === '.') {
      if (last) out.push('')
    } else {
      out.push(segment)
    }
  })
  return `/${out.join('/')}`
}

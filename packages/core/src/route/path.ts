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
  const decoded = decodeUnreserved(prepared)
  if (decoded === undefined) return undefined
  const resolved = resolveDots(decoded.replaceAll('\\', '/'))
  if (resolved === undefined) return undefined
  return mode === 'base' ? resolved : resolved.replace(/\/{2,}/g, '/')
}

const special = /^[^/]|^$|[#?%\\]|\/\./

/** True when a target is its own prepared path: no query, no fragment, nothing to change. The common case at one look. */
export function isPlain(target: string, mode: PathNormalization): boolean {
  return !special.test(target) && (mode === 'base' || !target.includes('//'))
}

function decodeUnreserved(path: string): string | undefined {
  let valid = true
  const decoded = path.replace(/%(.{0,2})/gs, (escape, hex: string) => {
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) {
      valid = false
      return escape
    }
    const char = String.fromCharCode(Number.parseInt(hex, 16))
    return unreserved.test(char) ? char : escape
  })
  return valid ? decoded : undefined
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

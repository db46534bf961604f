// Where a redirect points: Envoy's rules for scheme, host, port and path of the Location header.
import type { PathMatch } from '../model/match.ts'
import type { RedirectAction } from '../model/route.ts'
import type { Matchable } from './request-view.ts'
import { replaceMatched } from './rewrite.ts'

/** The Location of a redirect for this request. */
export function redirectLocation(action: RedirectAction, match: PathMatch, request: Matchable): string {
  const scheme = action.scheme ?? request.view.scheme
  return `${scheme}://${authorityOf(action, scheme, request)}${pathOf(action, match, request)}`
}

function authorityOf(action: RedirectAction, scheme: string, request: Matchable): string {
  const { view } = request
  const { host, port } = splitAuthority(view.authority)
  const name = action.authority ?? host
  if (typeof action.port === 'number') return `${name}:${action.port}`
  if (action.port === 'fromRequestPort') return view.port === 80 ? name : `${name}:${view.port}`
  if (action.port === 'schemeDefault' || action.authority !== undefined) return name
  if (port === '') return name
  const leavesDefault =
    (view.scheme === 'http' && scheme === 'https' && port === '80') ||
    (view.scheme === 'https' && scheme === 'http' && port === '443')
  return leavesDefault ? name : `${name}:${port}`
}

function pathOf(action: RedirectAction, match: PathMatch, request: Matchable): string {
  const query = request.query === undefined || action.stripQuery ? '' : `?${request.query}`
  if (action.path !== undefined) return action.path.includes('?') ? action.path : action.path + query
  if (action.prefix !== undefined) return replaceMatched(match, action.prefix)(request.path) + query
  return request.path + query
}

/** Splits `host:port`, `[v6]:port` or a bare host; the port is empty when absent. */
export function splitAuthority(authority: string): { host: string; port: string } {
  const colon = authority.lastIndexOf(':')
  if (colon === -1 || authority.endsWith(']') || (authority.indexOf(':') !== colon && !authority.startsWith('['))) {
    return { host: authority, port: '' }
  }
  return { host: authority.slice(0, colon), port: authority.slice(colon + 1) }
}

/** `[::1]` is the address `::1`. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

// The words that scenarios are written in, beside those of test/kit/config.
import type {
  DirectResponseAction,
  ForwardAction,
  HeaderMatch,
  HeaderMutation,
  OutlierDetection,
  PathMatch,
  PathRewrite,
  RedirectAction,
  RetryPolicy,
  Route,
  RouteMatch,
  StringMatch,
} from '@proxyless/core/spi'
import { forward, route } from '../../../kit/config.ts'

// ---- matches ----

export function prefix(value: string, ignoreCase = false): Partial<RouteMatch> {
  return { path: { kind: 'prefix', value, ignoreCase } }
}

export function exact(value: string, ignoreCase = false): Partial<RouteMatch> {
  return { path: { kind: 'exact', value, ignoreCase } }
}

export function separated(value: string, ignoreCase = false): Partial<RouteMatch> {
  return { path: { kind: 'separatedPrefix', value, ignoreCase } }
}

export function regex(value: string): Partial<RouteMatch> {
  return { path: { kind: 'regex', value } satisfies PathMatch }
}

type Text = Exclude<StringMatch, { kind: 'present' }>['kind']

function text(kind: Text | 'present', value = ''): StringMatch {
  return kind === 'present' ? { kind } : { kind, value }
}

function header(name: string, match: StringMatch, invert = false): HeaderMatch {
  return { name, match, invert }
}

/** Conditions on one header. */
export function withHeader(name: string, kind: Text | 'present', value = '', invert = false): Partial<RouteMatch> {
  return { headers: [header(name, text(kind, value), invert)] }
}

export function withQuery(name: string, kind: Text | 'present', value = ''): Partial<RouteMatch> {
  return { queryParameters: [{ name, match: text(kind, value) }] }
}

// ---- routes ----

export function to(cluster: string, more: Partial<ForwardAction> = {}, match: Partial<RouteMatch> = {}): Route {
  return route(forward(cluster, more), match)
}

/** In this order, by weight. */
export function split(weights: Readonly<Record<string, number>>, more: Partial<ForwardAction> = {}): Route {
  const clusters = Object.entries(weights).map(([cluster, weight]) => ({ cluster, weight }))
  return route(forward('', { ...more, clusters }))
}

export function redirect(more: Partial<RedirectAction>, match: Partial<RouteMatch> = {}): Route {
  return route({ kind: 'redirect', status: 301, ...more }, match)
}

export function direct(
  status: number,
  more: Partial<DirectResponseAction> = {},
  match: Partial<RouteMatch> = {},
): Route {
  return route({ kind: 'directResponse', status, ...more }, match)
}

// ---- policies ----

/** Header operations as flat lists of names and values. */
export function edit({
  remove = [],
  set = [],
  add = [],
}: Partial<Record<keyof HeaderMutation, readonly string[]>>): HeaderMutation {
  const pairs = (flat: readonly string[]): { name: string; value: string }[] =>
    flat.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: flat[index + 1] ?? '' }] : []))
  return { remove, set: pairs(set), add: pairs(add) }
}

export function replacePrefix(value: string): { readonly rewrite: PathRewrite } {
  return { rewrite: { kind: 'prefix', value } }
}

export function replaceAll(pattern: string, substitution: string): { readonly rewrite: PathRewrite } {
  return { rewrite: { kind: 'regex', pattern, substitution } }
}

/** Back-off of a few milliseconds, hosts not avoided. */
export function retries(
  retryOn: RetryPolicy['retryOn'],
  more: Partial<RetryPolicy> = {},
): { readonly retry: RetryPolicy } {
  return {
    retry: {
      numRetries: 2,
      retryOn,
      retriableStatusCodes: [],
      backoffBaseMs: 1,
      backoffMaxMs: 10,
      avoidPreviousHosts: false,
      retryOtherPriorities: false,
      ...more,
    },
  }
}

export const always = { numerator: 1_000_000 }
export const never = { numerator: 0 }

/** Five errors eject, up to all hosts, for a minute. */
export const detection: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 60_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 1,
}

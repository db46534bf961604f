// Where a request goes: virtual hosts, their routes, and what each route does.
// Plain data; compiled by route/.
import type { HeaderMutation } from './headers.ts'
import type { RouteMatch } from './match.ts'
import type { Origin } from './origin.ts'
import type { FaultPolicy, HashPolicy, MirrorPolicy, RetryPolicy } from './policy.ts'

export interface VirtualHost {
  readonly name: string
  /** Lower case, without port: exact, `*.suffix`, `*-suffix`, `prefix.*`, `*`. */
  readonly domains: readonly string[]
  /** The request port this host is for; undefined: every port. */
  readonly port?: number
  /** The first match wins; no match is a 404. */
  readonly routes: readonly Route[]
  readonly origin: Origin
}

export interface Route {
  readonly name: string
  readonly match: RouteMatch
  readonly action: RouteAction
  /** Label for metrics. */
  readonly statPrefix?: string
  readonly origin: Origin
  /** Which document set a value, by field: `timeout`, `retry`, `fault`, `rewrite`, `mirror`, `headers`. */
  readonly origins: Readonly<Record<string, Origin>>
}

export type RouteAction = ForwardAction | RedirectAction | DirectResponseAction

export interface ForwardAction {
  readonly kind: 'forward'
  /** One takes all, whatever its weight; several share by weight, in this order. */
  readonly clusters: readonly WeightedCluster[]
  /** From the end of the request to the end of the response, all attempts; 0: none. */
  readonly timeoutMs: number
  /** gRPC requests: upper bound of `grpc-timeout`; 0: the caller's; undefined: the header is not looked at. */
  readonly maxGrpcTimeoutMs?: number
  readonly retry?: RetryPolicy
  readonly fault?: FaultPolicy
  readonly rewrite?: PathRewrite
  /** Replaces Host and :authority after the cluster's own rewrite. */
  readonly hostRewrite?: string | HostRewrite
  readonly requestHeaders?: HeaderMutation
  readonly responseHeaders?: HeaderMutation
  readonly mirrors: readonly MirrorPolicy[]
  readonly hashPolicies: readonly HashPolicy[]
}

export interface WeightedCluster {
  readonly cluster: string
  /** The request header whose value names the cluster, instead of `cluster`; lower case. */
  readonly clusterHeader?: string
  readonly weight: number
  /** Instead of the route's; `none`: its calls suffer none. */
  readonly fault?: FaultPolicy | 'none'
  readonly hostRewrite?: string
  readonly requestHeaders?: HeaderMutation
  readonly responseHeaders?: HeaderMutation
}

export type PathRewrite =
  /** Replaces the matched prefix, or the whole path where the match is exact or a regex. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** Replaces every match; `\0` to `\9` are groups. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string }

export type HostRewrite =
  /** The value of this header as it is sent; where it is missing or empty the host stays. Lower case. */
  | { readonly kind: 'header'; readonly name: string }
  /** The path as it came, its query left out, with every match replaced; `\0` to `\9` are groups. */
  | { readonly kind: 'path'; readonly pattern: string; readonly substitution: string }
  /** The `hostname` of the endpoint, where it has one; each attempt's own. */
  | { readonly kind: 'endpoint' }

export interface RedirectAction {
  readonly kind: 'redirect'
  readonly status: 301 | 302 | 303 | 307 | 308
  readonly scheme?: 'http' | 'https'
  /** Replaces host and port verbatim. */
  readonly authority?: string
  /** `fromRequestPort`: the request's port, left out when it is 80; `schemeDefault`: none. */
  readonly port?: number | 'fromRequestPort' | 'schemeDefault'
  /** Replaces the whole path; a `?` in it replaces the query too. */
  readonly path?: string
  /** Replaces the matched prefix. */
  readonly prefix?: string
  /** The request's query is left out. */
  readonly stripQuery?: true
  readonly responseHeaders?: HeaderMutation
}

export interface DirectResponseAction {
  readonly kind: 'directResponse'
  readonly status: number
  readonly body?: string | Uint8Array
  /** No answer that was configured, but why there can be none: a failure of the mesh (CONFIG_UNAVAILABLE). */
  readonly unavailable?: true
  readonly responseHeaders?: HeaderMutation
}

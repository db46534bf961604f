// Virtual hosts and routes -> Envoy's RouteConfiguration of one listener.
import type {
  DirectResponseAction,
  ForwardAction,
  HostRewrite,
  MeshConfig,
  PathRewrite,
  RedirectAction,
  Route,
  UnknownHosts,
  VirtualHost,
  WeightedCluster,
} from '@proxyless/core/spi'
import { matchOf } from './matches.ts'
import { faultOf, hashOf, headersOf, mirrorOf, retryOf } from './policies.ts'
import { duration, given, type Json } from './values.ts'

/** The hosts that requests to `port` may mean. */
export function routesOf({ virtualHosts, unknownHosts }: MeshConfig, port: number): Json {
  const here = virtualHosts.filter((each) => each.port === undefined || each.port === port)
  const claimed = new Set<string>()
  const hosts = here.map((each) => hostOf(each, port, claimed)).filter(({ domains }) => domains.length > 0)
  return {
    name: String(port),
    ignore_port_in_host_matching: true,
    validate_clusters: false,
    virtual_hosts: claimed.has('*') ? hosts : [...hosts, ...unknownOf(unknownHosts)],
  }
}

/** Envoy refuses a domain that two hosts claim; in a MeshConfig the first has it. */
function hostOf({ name, domains, routes }: VirtualHost, port: number, claimed: Set<string>): Json & HasDomains {
  const own = domains.filter((domain) => !claimed.has(domain))
  for (const domain of own) claimed.add(domain)
  return {
    name: `${name} ${claimed.size}`,
    domains: own,
    include_request_attempt_count: true,
    routes: routes.map((route) => routeOf(route, port)),
  }
}

interface HasDomains {
  readonly domains: readonly string[]
}

/** As istiod spells them; passing through needs a listener that knows the original destination, which ours is not. */
function unknownOf(unknown: UnknownHosts): Json[] {
  const answer = (action: Json): Json[] => [
    {
      name: 'unknown',
      domains: ['*'],
      include_request_attempt_count: true,
      routes: [{ match: { prefix: '/' }, ...action }],
    },
  ]
  if (unknown.kind === 'block') return answer({ direct_response: { status: 502 } })
  return unknown.kind === 'cluster' ? answer({ route: { cluster: unknown.cluster, timeout: '0s' } }) : []
}

function routeOf({ name, match, action }: Route, port: number): Json {
  const base = { name, match: matchOf(match), ...headersOf('response', action.responseHeaders) }
  switch (action.kind) {
    case 'redirect':
      return { ...base, redirect: redirectOf(action, port) }
    case 'directResponse':
      return { ...base, direct_response: directOf(action) }
    case 'forward':
      return {
        ...base,
        ...headersOf('request', action.requestHeaders),
        route: forwardOf(action),
        ...given('typed_per_filter_config', action.fault, (fault) => ({ 'envoy.filters.http.fault': faultOf(fault) })),
      }
  }
}

function forwardOf(action: ForwardAction): Json {
  return {
    ...destinationOf(action.clusters),
    timeout: duration(action.timeoutMs),
    ...given('max_grpc_timeout', action.maxGrpcTimeoutMs, duration),
    ...given('retry_policy', action.retry, retryOf),
    ...(action.rewrite !== undefined && rewriteOf(action.rewrite)),
    ...(action.hostRewrite !== undefined && hostOfRewrite(action.hostRewrite)),
    request_mirror_policies: action.mirrors.map(mirrorOf),
    hash_policy: action.hashPolicies.map(hashOf),
  }
}

/** One cluster takes all, whatever its weight. */
function destinationOf(clusters: readonly WeightedCluster[]): Json {
  const [first] = clusters
  const alone = clusters.length === 1
  if (alone && first !== undefined && Object.keys(first).length === 2) return { cluster: first.cluster }
  return {
    weighted_clusters: {
      clusters: clusters.map((each) => ({
        name: each.cluster,
        weight: alone ? 1 : each.weight,
        ...headersOf('request', each.requestHeaders),
        ...headersOf('response', each.responseHeaders),
        ...given('host_rewrite_literal', each.hostRewrite),
        ...given('typed_per_filter_config', each.fault, (fault) => ({
          'envoy.filters.http.fault': faultOf(fault === 'none' ? {} : fault),
        })),
      })),
    },
  }
}

function hostOfRewrite(rewrite: string | HostRewrite): Json {
  if (typeof rewrite === 'string') return { host_rewrite_literal: rewrite }
  switch (rewrite.kind) {
    case 'header':
      return { host_rewrite_header: rewrite.name }
    case 'path':
      return {
        host_rewrite_path_regex: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution },
      }
    case 'endpoint':
      return { auto_host_rewrite: true }
  }
}

function rewriteOf(rewrite: PathRewrite): Json {
  return rewrite.kind === 'prefix'
    ? { prefix_rewrite: rewrite.value }
    : { regex_rewrite: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution } }
}

const redirectCodes = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
}

function redirectOf(action: RedirectAction, port: number): Json {
  return {
    response_code: redirectCodes[action.status],
    ...given('scheme_redirect', action.scheme),
    ...given('host_redirect', action.authority),
    ...given('path_redirect', action.path),
    ...given('prefix_rewrite', action.prefix),
    ...given('strip_query', action.stripQuery),
    ...given('port_redirect', redirectPort(action.port, port)),
  }
}

/** As istiod has it: the listener's port, but for 80. */
function redirectPort(said: RedirectAction['port'], port: number): number | undefined {
  if (said === 'fromRequestPort') return port === 80 ? undefined : port
  return said === 'schemeDefault' ? undefined : said
}

function directOf({ status, body }: DirectResponseAction): Json {
  if (body === undefined) return { status }
  if (typeof body === 'string') return { status, body: { inline_string: body } }
  return { status, body: { inline_bytes: Buffer.from(body).toString('base64') } }
}

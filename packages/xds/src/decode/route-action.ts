// What a route does with its requests.
import type {
  DirectResponseAction,
  ForwardAction,
  MirrorPolicy,
  RedirectAction,
  RouteAction,
  WeightedCluster,
} from '@proxyless/core/spi'
import type {
  DirectResponseAction as WireDirect,
  RedirectAction as WireRedirect,
  Route as WireRoute,
  RouteAction as WireAction,
  RouteAction_RequestMirrorPolicy,
} from '../generated/envoy/config/route/v3/route_components.ts'
import { ROUTE_FIELDS } from './fields/route-fields.ts'
import { readMutation } from './header-mutation.ts'
import { fractionOf } from './percent.ts'
import type { Reading } from './reading.ts'
import { readHashPolicies, readRetry } from './retry.ts'

const defaultTimeoutMs = 15_000
const maxWeight = 2 ** 32 - 1

/** Undefined: the route is left out. */
export function readAction(reading: Reading, path: string, route: WireRoute): RouteAction | undefined {
  const { action } = route
  switch (action?.$case) {
    case 'route':
      return readForward(reading, `${path}.route`, action.value)
    case 'redirect':
      return readRedirect(reading, `${path}.redirect`, action.value)
    case 'directResponse':
      return readDirect(reading, `${path}.direct_response`, action.value)
    case 'filterAction':
    case 'nonForwardingAction':
    case undefined:
      // kept, so that later routes do not take its requests
      reading.note(path, 'an action that no client can take: its requests get 503')
      return {
        kind: 'directResponse',
        status: 503,
        body: 'the route has an action that no client can take',
        unavailable: true,
      }
  }
}

function readForward(
  reading: Reading,
  path: string,
  action: WireAction,
): ForwardAction | DirectResponseAction | undefined {
  const clusters = readClusters(reading, path, action)
  if (clusters === undefined) return undefined
  const rewrite = action.regexRewrite
  const stream = action.maxStreamDuration
  const grpcMs = reading.milliseconds(
    `${path}.max_stream_duration`,
    stream?.grpcTimeoutHeaderMax ?? action.maxGrpcTimeout,
  )
  const retry = readRetry(reading, `${path}.retry_policy`, action.retryPolicy, action.hedgePolicy?.hedgeOnPerTryTimeout)
  reading.tell(path, action, ROUTE_FIELDS.RouteAction)
  reading.tell(`${path}.hedge_policy`, action.hedgePolicy, ROUTE_FIELDS.HedgePolicy)
  reading.tell(`${path}.max_stream_duration`, stream, ROUTE_FIELDS.MaxStreamDuration)
  return {
    kind: 'forward',
    clusters,
    timeoutMs: timeoutOf(reading, path, action),
    ...(grpcMs === undefined ? {} : { maxGrpcTimeoutMs: grpcMs }),
    ...(retry === undefined ? {} : { retry }),
    ...(action.prefixRewrite === '' ? {} : { rewrite: { kind: 'prefix', value: action.prefixRewrite } }),
    ...(rewrite === undefined
      ? {}
      : {
          rewrite: {
            kind: 'regex',
            pattern: reading.regex(`${path}.regex_rewrite`, rewrite.pattern),
            substitution: rewrite.substitution,
          },
        }),
    ...readHostRewrite(reading, path, action),
    mirrors: action.requestMirrorPolicies.flatMap((each, n) =>
      readMirror(reading, `${path}.request_mirror_policies[${n}]`, each),
    ),
    hashPolicies: readHashPolicies(reading, `${path}.hash_policy`, action.hashPolicy),
  }
}

function readHostRewrite(
  reading: Reading,
  path: string,
  { hostRewriteSpecifier: said }: WireAction,
): Pick<ForwardAction, 'hostRewrite'> {
  switch (said?.$case) {
    case 'hostRewriteLiteral':
      return { hostRewrite: said.value }
    case 'hostRewriteHeader':
      return { hostRewrite: { kind: 'header', name: said.value.toLowerCase() } }
    case 'hostRewritePathRegex': {
      const { pattern, substitution } = said.value
      const text = reading.regex(`${path}.host_rewrite_path_regex`, pattern)
      return { hostRewrite: { kind: 'path', pattern: text, substitution } }
    }
    case 'autoHostRewrite':
      if (!said.value) return {}
      if (reading.options.dialect === 'sidecar' || reading.options.trusted) return { hostRewrite: { kind: 'endpoint' } }
      reading.note(`${path}.auto_host_rewrite`, 'is not applied: the bootstrap does not call the server trusted')
      return {}
    case undefined:
      return {}
  }
}

/** gRPC knows no route timeout but `max_stream_duration` (A31); Envoy's is 15 s where nothing is said. */
function timeoutOf(reading: Reading, path: string, action: WireAction): number {
  const said = reading.milliseconds(`${path}.timeout`, action.timeout)
  const stream = reading.milliseconds(`${path}.max_stream_duration`, action.maxStreamDuration?.maxStreamDuration) ?? 0
  const timeoutMs = said ?? (reading.options.dialect === 'api' ? 0 : defaultTimeoutMs)
  if (stream === 0) return timeoutMs
  return timeoutMs === 0 ? stream : Math.min(timeoutMs, stream)
}

function readClusters(reading: Reading, path: string, action: WireAction): WeightedCluster[] | undefined {
  const said = action.clusterSpecifier
  switch (said?.$case) {
    case 'cluster':
      if (said.value === '') reading.refuse(`${path}.cluster`, 'a cluster without a name')
      return [{ cluster: said.value, weight: 1 }]
    case 'weightedClusters': {
      const at = `${path}.weighted_clusters`
      reading.tell(at, said.value, ROUTE_FIELDS.WeightedCluster)
      const entries = said.value.clusters.map((each, n) => ({
        each,
        at: `${at}.clusters[${n}]`,
        weight: each.weight ?? 0,
      }))
      const total = entries.reduce((sum, { weight }) => sum + weight, 0)
      if (total > maxWeight) reading.refuse(at, 'weights add up to more than 4294967295')
      if (total === 0) reading.refuse(at, 'weights add up to 0')
      return entries
        .filter(({ weight }) => weight > 0)
        .map(({ each, at: place, weight }) => {
          reading.tell(place, each, ROUTE_FIELDS.ClusterWeight)
          const byHeader = each.name === '' && each.clusterHeader !== '' && reading.options.dialect === 'sidecar'
          if (each.name === '' && !byHeader) reading.refuse(place, 'a cluster without a name')
          const requestHeaders = readMutation(reading, place, [
            { toAdd: each.requestHeadersToAdd, toRemove: each.requestHeadersToRemove },
          ])
          const responseHeaders = readMutation(reading, place, [
            { toAdd: each.responseHeadersToAdd, toRemove: each.responseHeadersToRemove },
          ])
          return {
            cluster: each.name,
            weight,
            ...(byHeader ? { clusterHeader: each.clusterHeader.toLowerCase() } : {}),
            ...(each.hostRewriteSpecifier === undefined ? {} : { hostRewrite: each.hostRewriteSpecifier.value }),
            ...(requestHeaders === undefined ? {} : { requestHeaders }),
            ...(responseHeaders === undefined ? {} : { responseHeaders }),
          }
        })
    }
    case 'clusterHeader':
      // its clusters cannot be asked for by name; a sidecar has them all
      if (reading.options.dialect === 'sidecar') {
        if (said.value === '') reading.refuse(`${path}.cluster_header`, 'a header without a name')
        return [{ cluster: '', weight: 1, clusterHeader: said.value.toLowerCase() }]
      }
      reading.note(`${path}.cluster_header`, 'is not applied; the route is left out')
      return undefined
    case 'clusterSpecifierPlugin':
    case 'inlineClusterSpecifierPlugin':
    case undefined:
      reading.note(path, 'a way to name the cluster that is not applied; the route is left out')
      return undefined
  }
}

export function readMirror(reading: Reading, path: string, mirror: RouteAction_RequestMirrorPolicy): MirrorPolicy[] {
  const said = mirror.runtimeFraction?.defaultValue
  const percent = said === undefined ? { numerator: 1_000_000 } : fractionOf(said)
  if (percent === undefined) reading.refuse(`${path}.runtime_fraction`, 'an unknown denominator')
  if (mirror.cluster === '') reading.note(path, 'a mirror named by a header is not applied')
  if (percent === undefined || mirror.cluster === '') return []
  return [{ cluster: mirror.cluster, percent, shadowHostSuffix: !mirror.disableShadowHostSuffixAppend }]
}

const redirectStatus: Readonly<Record<number, RedirectAction['status']>> = { 0: 301, 1: 302, 2: 303, 3: 307, 4: 308 }

function readRedirect(reading: Reading, path: string, redirect: WireRedirect): RedirectAction {
  const { schemeRewriteSpecifier: scheme, pathRewriteSpecifier: rewrite } = redirect
  if (rewrite?.$case === 'regexRewrite') reading.note(`${path}.regex_rewrite`, 'is not applied')
  const named = scheme?.$case === 'schemeRedirect' ? scheme.value.toLowerCase() : scheme?.value === true ? 'https' : ''
  return {
    kind: 'redirect',
    status: redirectStatus[redirect.responseCode] ?? 301,
    ...(named === 'http' || named === 'https' ? { scheme: named } : {}),
    ...(redirect.hostRedirect === '' ? {} : { authority: redirect.hostRedirect }),
    ...(redirect.portRedirect === 0 ? {} : { port: redirect.portRedirect }),
    // Envoy takes an empty path for none, and istiod sends one where there is none
    ...(rewrite?.$case === 'pathRedirect' && rewrite.value !== '' ? { path: rewrite.value } : {}),
    ...(rewrite?.$case === 'prefixRewrite' ? { prefix: rewrite.value } : {}),
    ...(redirect.stripQuery ? { stripQuery: true as const } : {}),
  }
}

function readDirect(reading: Reading, path: string, { status, body }: WireDirect): DirectResponseAction {
  const said = body?.specifier
  if (status < 200 || status > 599) reading.refuse(`${path}.status`, `HTTP status ${status}`)
  switch (said?.$case) {
    case 'inlineString':
    case 'inlineBytes':
      return { kind: 'directResponse', status, body: said.value }
    case 'filename':
    case 'environmentVariable':
      reading.note(`${path}.body`, 'a body from a file or the environment is not applied')
      return { kind: 'directResponse', status }
    case undefined:
      return { kind: 'directResponse', status }
  }
}

// What a route does with its requests: forward, redirect, answer.
import type {
  DirectResponseAction,
  ForwardAction,
  PathRewrite,
  RedirectAction,
  RouteAction,
  WeightedCluster,
} from '@proxyless/core/spi'
import type { Route as Wire } from '../generated/envoy/config/route/v3/route_components.ts'
import type { EncoderOptions } from './encoder.ts'
import { FAULT_FILTER_NAME } from './http-chain.ts'
import { writeMutations } from './header-mutation.ts'
import { writeFault, writeHashPolicy, writeMirror, writeRetry } from './route-policy.ts'
import { duration, given } from './values.ts'

type Fields = NonNullable<Parameters<typeof Wire.fromPartial>[0]['action']>
type Dialect = EncoderOptions['dialect']

/** @param port of the listener; undefined: there is none */
export function writeAction(action: RouteAction, port: number | undefined, dialect: Dialect): Fields {
  switch (action.kind) {
    case 'forward':
      return { $case: 'route', value: forwardOf(action, dialect) }
    case 'redirect':
      return { $case: 'redirect', value: redirectOf(action, port) }
    case 'directResponse':
      return { $case: 'directResponse', value: directOf(action) }
  }
}

/** Nobody has this cluster: a split among none is answered as one to a cluster that does not exist. */
const NO_CLUSTER = 'BlackHoleCluster'

function forwardOf(action: ForwardAction, dialect: Dialect): object {
  const { timeoutMs, maxGrpcTimeoutMs, retry, rewrite, hostRewrite } = action
  return {
    clusterSpecifier: destinationOf(action.clusters),
    timeout: duration(timeoutMs),
    ...(dialect === 'api'
      ? streamDurations(timeoutMs, maxGrpcTimeoutMs)
      : given('maxGrpcTimeout', maxGrpcTimeoutMs, duration)),
    ...(retry === undefined ? {} : writeRetry(retry)),
    ...(rewrite === undefined ? {} : rewriteOf(rewrite)),
    ...given('hostRewriteSpecifier', hostRewrite, hostRewriteOf),
    requestMirrorPolicies: action.mirrors.map(writeMirror),
    hashPolicy: action.hashPolicies.map(writeHashPolicy),
  }
}

/** gRPC takes deadlines from here alone (A31). */
function streamDurations(timeoutMs: number, maxGrpcTimeoutMs: number | undefined): object {
  const said = {
    ...(timeoutMs === 0 ? {} : { maxStreamDuration: duration(timeoutMs) }),
    ...given('grpcTimeoutHeaderMax', maxGrpcTimeoutMs, duration),
  }
  return Object.keys(said).length === 0 ? {} : { maxStreamDuration: said }
}

function destinationOf(clusters: readonly WeightedCluster[]): object {
  const [first] = clusters
  if (first === undefined) return { $case: 'cluster', value: NO_CLUSTER }
  const { cluster, clusterHeader, weight, ...more } = first
  if (clusters.length === 1 && weight === 1 && Object.keys(more).length === 0) {
    return clusterHeader === undefined
      ? { $case: 'cluster', value: cluster }
      : { $case: 'clusterHeader', value: clusterHeader }
  }
  return {
    $case: 'weightedClusters',
    value: {
      clusters: clusters.map((each) => ({
        name: each.cluster,
        clusterHeader: each.clusterHeader ?? '',
        weight: each.weight,
        ...writeMutations(each),
        ...given('hostRewriteSpecifier', each.hostRewrite, literal),
        ...given('typedPerFilterConfig', each.fault, (fault) => ({
          [FAULT_FILTER_NAME]: writeFault(fault === 'none' ? {} : fault),
        })),
      })),
    },
  }
}

function hostRewriteOf(rewrite: NonNullable<ForwardAction['hostRewrite']>): object {
  if (typeof rewrite === 'string') return literal(rewrite)
  switch (rewrite.kind) {
    case 'header':
      return { $case: 'hostRewriteHeader', value: rewrite.name }
    case 'path': {
      const { pattern, substitution } = rewrite
      return { $case: 'hostRewritePathRegex', value: { pattern: { regex: pattern }, substitution } }
    }
    case 'endpoint':
      return { $case: 'autoHostRewrite', value: true }
  }
}

function literal(value: string): object {
  return { $case: 'hostRewriteLiteral', value }
}

function rewriteOf(rewrite: PathRewrite): object {
  return rewrite.kind === 'prefix'
    ? { prefixRewrite: rewrite.value }
    : { regexRewrite: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution } }
}

const redirectCodes = { 301: 0, 302: 1, 303: 2, 307: 3, 308: 4 }

function redirectOf(action: RedirectAction, port: number | undefined): object {
  const { scheme, authority = '', path, prefix, stripQuery = false } = action
  return {
    responseCode: redirectCodes[action.status],
    stripQuery,
    hostRedirect: authority,
    portRedirect: redirectPort(action.port, port),
    ...given('schemeRewriteSpecifier', scheme, (value) => ({ $case: 'schemeRedirect', value })),
    ...given('pathRewriteSpecifier', prefix, (value) => ({ $case: 'prefixRewrite', value })),
    ...given('pathRewriteSpecifier', path, (value) => ({ $case: 'pathRedirect', value })),
  }
}

/** As istiod has it: the listener's port, but for 80. 0: none. */
function redirectPort(said: RedirectAction['port'], port: number | undefined): number {
  if (typeof said === 'number') return said
  return said === 'fromRequestPort' && port !== undefined && port !== 80 ? port : 0
}

function directOf({ status, body }: DirectResponseAction): object {
  if (body === undefined) return { status }
  const specifier =
    typeof body === 'string' ? { $case: 'inlineString', value: body } : { $case: 'inlineBytes', value: body }
  return { status, body: { specifier } }
}

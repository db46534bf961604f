// Routes that forward: destinations, weights, timeouts, retries, rewrites, mirrors.
import type { ForwardAction, HashPolicy, MirrorPolicy, PathRewrite, WeightedCluster } from '@proxyless/core/spi'
import type { HttpDestinationSpec, RewriteSpec } from '../schema/virtual-service.ts'
import type { World } from '../world/world.ts'
import { findTarget } from './destination.ts'
import { fractionOf, translateFault } from './fault.ts'
import { hashPolicyOf } from './hash.ts'
import { concatOperations, hostOf, translateOperations } from './headers.ts'
import { destinationsOf, mirrorsOf } from './http-rule.ts'
import type { HttpRule } from './http-rule.ts'
import { translateRetries } from './retry.ts'

interface Destinations {
  readonly clusters: readonly WeightedCluster[]
  readonly hashPolicies: readonly HashPolicy[]
}

export function translateForward(world: World, rule: HttpRule, port: number | undefined): ForwardAction {
  const { spec } = rule
  const { clusters, hashPolicies } = translateDestinations(world, rule, port)
  const single = spec.route?.length === 1 ? spec.route[0] : undefined
  const timeoutMs = spec.timeout ?? world.compat.timeoutMs
  const retry = translateRetries(spec.retries, world, single !== undefined && hashPolicies.length > 0)
  const fault = spec.fault === undefined ? undefined : translateFault(spec.fault)
  const rewrite = translateRewrite(spec.rewrite)
  const hostRewrite = spec.rewrite?.authority ?? hostOf(spec.headers) ?? hostOf(single?.headers)
  // A single destination's operations join the route's; those of several stay apart and run first.
  const requestHeaders = concatOperations(
    translateOperations(spec.headers?.request),
    translateOperations(single?.headers?.request),
  )
  const responseHeaders = concatOperations(
    translateOperations(spec.headers?.response),
    translateOperations(single?.headers?.response),
  )
  return {
    kind: 'forward',
    clusters,
    timeoutMs,
    maxGrpcTimeoutMs: timeoutMs,
    ...(retry === undefined ? {} : { retry }),
    ...(fault === undefined ? {} : { fault }),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(hostRewrite === undefined || hostRewrite === '' ? {} : { hostRewrite }),
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
    mirrors: translateMirrors(world, rule, port),
    hashPolicies,
  }
}

function translateDestinations(world: World, rule: HttpRule, port: number | undefined): Destinations {
  const destinations = rule.spec.route ?? []
  const placed = destinationsOf(rule)
  const several = destinations.length > 1
  const clusters: WeightedCluster[] = []
  const hashPolicies: HashPolicy[] = []
  for (const [index, destination] of destinations.entries()) {
    const weight = destination.weight ?? 0
    const at = placed[index]
    if (at === undefined || (several && weight === 0)) continue
    const target = findTarget(world, at, port, 'requests get 503')
    const hash = hashPolicyOf(target.balancing)
    if (hash !== undefined) hashPolicies.push(hash)
    clusters.push({
      cluster: target.cluster,
      weight: several ? weight : 1,
      ...(several ? ownOperations(destination) : {}),
    })
  }
  return { clusters, hashPolicies }
}

function ownOperations({ headers }: HttpDestinationSpec): Partial<WeightedCluster> {
  const requestHeaders = translateOperations(headers?.request)
  const responseHeaders = translateOperations(headers?.response)
  const hostRewrite = hostOf(headers)
  return {
    ...(hostRewrite === undefined ? {} : { hostRewrite }),
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
  }
}

function translateRewrite(rewrite: RewriteSpec | undefined): PathRewrite | undefined {
  if (rewrite?.uri !== undefined && rewrite.uri !== '') return { kind: 'prefix', value: rewrite.uri }
  const regex = rewrite?.uriRegexRewrite
  if (regex?.match === undefined) return undefined
  return { kind: 'regex', pattern: regex.match, substitution: regex.rewrite ?? '' }
}

function translateMirrors(world: World, rule: HttpRule, port: number | undefined): MirrorPolicy[] {
  const { mirror, mirrors = [], mirrorPercentage, mirrorPercent = 100 } = rule.spec
  const single = mirrorPercentage === undefined ? mirrorPercent : (mirrorPercentage.value ?? 0)
  return mirrorsOf(rule).flatMap((destination, index) => {
    const each = mirrors[index]?.percentage
    const several = each === undefined ? 100 : (each.value ?? 0)
    const percent = fractionOf(mirror === undefined ? several : single)
    if (percent.numerator === 0) return []
    const { cluster } = findTarget(world, destination, port, 'no copies are sent')
    return [{ cluster, percent, shadowHostSuffix: world.compat.mirrorShadowSuffix }]
  })
}

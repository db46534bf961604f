// A route compiled into the deeds of a call: the split, header operations, path rewrite and mirrors of one route.
// Made at first use of a virtual host; read on every call.
import type { RegexEngine } from '../base/regex.ts'
import type { FaultPolicy, MirrorPolicy } from '../model/policy.ts'
import type { DirectResponseAction, ForwardAction, RedirectAction, Route, WeightedCluster } from '../model/route.ts'
import { compileHeaderPlans, type HeaderPlan } from '../route/header-plan.ts'
import type { RequestView } from '../route/request-view.ts'
import { compileAuthority, compilePathRewrite, type AuthorityPlan, type PathPlan } from '../route/rewrite.ts'
import { Split } from '../route/split.ts'
import { type CallTimeouts, routeTimeouts } from './deadline.ts'

export type RoutePlan = ForwardPlan | AnswerPlan

/** A route that leads to clusters. */
export interface ForwardPlan {
  readonly kind: 'forward'
  readonly route: Route
  readonly action: ForwardAction
  readonly timeouts: CallTimeouts
  readonly split: Split<Target>
  /** Some target has a fault of its own: it is chosen before the dice fall. */
  readonly faultsDiffer: boolean
  readonly pathPlan: PathPlan | undefined
  readonly mirrors: readonly MirrorPlan[]
}

/** A copy's way: straight to one cluster, no retries, the route's timeout. */
export interface MirrorPlan {
  readonly policy: MirrorPolicy
  readonly plan: ForwardPlan
}

/** A route that the mesh answers itself. */
export interface AnswerPlan {
  readonly kind: 'answer'
  readonly route: Route
  readonly action: RedirectAction | DirectResponseAction
  readonly responsePlans: readonly HeaderPlan[]
}

/** One cluster of a split with everything that depends on it. */
export interface Target {
  readonly weight: number
  readonly cluster: string
  readonly fault: FaultPolicy | undefined
  /** The request header that names it instead. */
  readonly clusterHeader: string | undefined
  /** Levels in the order Envoy runs them: the cluster's, then the route's. */
  readonly requestPlans: readonly HeaderPlan[]
  readonly responsePlans: readonly HeaderPlan[]
  /** The cluster's own, which the route's operations see. */
  readonly ownAuthority: string | undefined
  /** How many of the request's levels run before that. */
  readonly ownLevels: number
  readonly authority: string | undefined
  /** Instead of `authority`, where it is made of the request or is the endpoint's. */
  readonly authorityPlan: AuthorityPlan | undefined
}

/** Empty where its header is missing. */
export function clusterOf({ cluster, clusterHeader }: Target, view: RequestView): string {
  if (clusterHeader === undefined) return cluster
  const lines = view.header(clusterHeader)
  return (typeof lines === 'string' ? lines : lines?.[0]) ?? ''
}

export function compileRoute(route: Route, regex: RegexEngine): RoutePlan {
  const { action } = route
  if (action.kind !== 'forward') {
    return { kind: 'answer', route, action, responsePlans: compileHeaderPlans([action.responseHeaders]) }
  }
  return {
    kind: 'forward',
    route,
    action,
    timeouts: routeTimeouts(action),
    split: new Split(action.clusters.map((cluster) => compileTarget(cluster, action, regex))),
    faultsDiffer: action.clusters.some(({ fault }) => fault !== undefined),
    pathPlan: action.rewrite && compilePathRewrite(action.rewrite, route.match.path, regex),
    mirrors: action.mirrors.map((policy) => ({ policy, plan: compileMirror(policy, route, action) })),
  }
}

/** A plan that sends everything to one cluster as it is. */
export function plainPlan(route: Route, action: ForwardAction): ForwardPlan {
  const split = new Split(action.clusters.map((cluster) => compileTarget(cluster, action)))
  const timeouts = routeTimeouts(action)
  return { kind: 'forward', route, action, timeouts, split, faultsDiffer: false, pathPlan: undefined, mirrors: [] }
}

function compileMirror(policy: MirrorPolicy, route: Route, action: ForwardAction): ForwardPlan {
  return plainPlan(route, {
    kind: 'forward',
    clusters: [{ cluster: policy.cluster, weight: 1 }],
    timeoutMs: action.timeoutMs,
    mirrors: [],
    hashPolicies: [],
  })
}

/** @param regex where the host is made of the path */
function compileTarget(cluster: WeightedCluster, action: ForwardAction, regex?: RegexEngine): Target {
  const { hostRewrite } = action
  return {
    weight: cluster.weight,
    cluster: cluster.cluster,
    fault: cluster.fault === undefined ? action.fault : cluster.fault === 'none' ? undefined : cluster.fault,
    clusterHeader: cluster.clusterHeader,
    requestPlans: compileHeaderPlans([cluster.requestHeaders, action.requestHeaders]),
    responsePlans: compileHeaderPlans([cluster.responseHeaders, action.responseHeaders]),
    ownAuthority: cluster.hostRewrite,
    ownLevels: compileHeaderPlans([cluster.requestHeaders]).length,
    authority: typeof hostRewrite === 'string' ? hostRewrite : cluster.hostRewrite,
    authorityPlan:
      typeof hostRewrite === 'object' && regex !== undefined ? compileAuthority(hostRewrite, regex) : undefined,
  }
}

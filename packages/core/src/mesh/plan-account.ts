// What explain tells of the plan a request follows: its faults, what it becomes on the way, how long and how often it is tried.
import { isGrpc } from '../call/is-grpc.ts'
import { trustedRetryPolicy } from '../call/control-headers.ts'
import { timeoutsOf } from '../call/deadline.ts'
import type { CallSettings } from '../call/house.ts'
import { scopedTimeouts } from '../call/inheritance.ts'
import type { ForwardPlan, Target } from '../call/plan.ts'
import type { CallScope } from '../call/scope.ts'
import type { HeaderMutation } from '../model/headers.ts'
import type { FaultPolicy } from '../model/policy.ts'
import type { Matchable, RequestView } from '../route/request-view.ts'

/** What, its text, and the part of the route that said it. */
type Line = readonly [what: string, text: string, part?: string]

export function describeFault({ delay, abort }: FaultPolicy, inForce: boolean): string[] {
  const off = inForce ? '' : ' (switched off in this process)'
  const texts: string[] = []
  if (delay) texts.push(`delay of ${delay.delayMs} ms for ${percent(delay.percent.numerator / 1e6)} of calls${off}`)
  if (abort) {
    const { httpStatus, grpcStatus = 'none' } = abort
    const what = httpStatus === undefined ? `gRPC status ${grpcStatus}` : `status ${httpStatus}`
    texts.push(`abort with ${what} for ${percent(abort.percent.numerator / 1e6)} of calls${off}`)
  }
  return texts
}

export function* explainOutgoing(plan: ForwardPlan, target: Target, request: Matchable): Generator<Line> {
  const { action } = plan
  if (plan.pathPlan !== undefined) yield ['path', `${request.path} becomes ${plan.pathPlan(request.path)}`, 'rewrite']
  const authority = describeAuthority(plan, target)
  if (authority !== undefined) yield ['host header', authority, 'rewrite']
  const said = action.clusters.find((each) => each.cluster === target.cluster)
  for (const [kind, mutation] of [
    ['request headers', said?.requestHeaders],
    ['request headers', action.requestHeaders],
    ['response headers', said?.responseHeaders],
    ['response headers', action.responseHeaders],
  ] as const) {
    if (mutation !== undefined) yield [kind, describeMutation(mutation), 'headers']
  }
  for (const { policy } of plan.mirrors) {
    yield ['mirror', `${percent(policy.percent.numerator / 1e6)} copied to ${policy.cluster}`, 'mirror']
  }
}

export function* explainTimeout(
  { action }: ForwardPlan,
  view: RequestView,
  settings: CallSettings,
  scope: CallScope | undefined,
): Generator<Line> {
  const ofRoute = timeoutsOf(action, view, settings.trustRequestHeaders, isGrpc(view))
  const timeouts = scopedTimeouts(scope, ofRoute)
  const text = timeouts.globalMs === 0 ? 'none' : `${timeouts.globalMs} ms for all attempts`
  if (timeouts === ofRoute) yield ['timeout', text, 'timeout']
  else yield ['timeout', `${text}, by the code around the call`]
}

export function* explainRetries(
  { action }: ForwardPlan,
  view: RequestView,
  settings: CallSettings,
  scope: CallScope | undefined,
): Generator<Line> {
  if (scope?.retries === false) return yield ['retries', 'none, by the code around the call']
  const { trustRequestHeaders } = settings
  const retry = trustRequestHeaders ? trustedRetryPolicy(action.retry, view) : action.retry
  if (retry === undefined) return yield ['retries', 'none', 'retry']
  if (settings.retries === false) {
    return yield ['retries', 'none: they are left to the sidecar in front of this process']
  }
  const codes = retry.retriableStatusCodes.length === 0 ? 'none' : retry.retriableStatusCodes.join(' ')
  const on = retry.retryOn.map((word) => (word === 'retriable-status-codes' ? `${word} (${codes})` : word)).join(',')
  const { perTryMs } = scopedTimeouts(scope, timeoutsOf(action, view, trustRequestHeaders, isGrpc(view)))
  const hedged = retry.hedgeOnPerTryTimeout === true ? ', then another beside it' : ''
  const perTry = perTryMs === 0 ? '' : `, ${perTryMs} ms per try${hedged}`
  const asked = retry.rateLimitedBackoff?.headers.map(({ name }) => name).join(', ')
  const after = asked === undefined ? '' : `, after what ${asked} says`
  yield ['retries', `up to ${retry.numRetries} on ${on}${perTry}${after}`, 'retry']
}

function describeAuthority({ action }: ForwardPlan, { authority }: Target): string | undefined {
  const { hostRewrite } = action
  if (typeof hostRewrite !== 'object') return authority === undefined ? undefined : `becomes ${authority}`
  switch (hostRewrite.kind) {
    case 'header':
      return `becomes what ${hostRewrite.name} says`
    case 'path':
      return `is made of the path by ${hostRewrite.pattern}`
    case 'endpoint':
      return 'becomes the name of the endpoint'
  }
}

function describeMutation(mutation: HeaderMutation): string {
  return [
    ...mutation.remove.map((name) => `remove ${name}`),
    ...mutation.set.map(({ name, value }) => `set ${name}: ${value}`),
    ...mutation.add.map(({ name, value }) => `add ${name}: ${value}`),
  ].join('; ')
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`
}

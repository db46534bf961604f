// Why a request would go where: the same matchers, split, cluster and picker as a call, run with a recorder.
// Spends no chance and sends nothing.
import { below, type Random } from '../base/random.ts'
import { drawAbort, drawDelay } from '../call/fault.ts'
import type { CallSettings } from '../call/house.ts'
import { headerDeadline } from '../call/inheritance.ts'
import { clusterOf, type ForwardPlan, type RoutePlan, type Target } from '../call/plan.ts'
import { type CallScope, criticalityHeader } from '../call/scope.ts'
import { ScopedView } from '../call/scoped-view.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { endpointKey } from '../cluster/endpoint.ts'
import { anyEndpoint } from '../cluster/selecting.ts'
import type { Origin } from '../model/origin.ts'
import type { FaultPolicy } from '../model/policy.ts'
import { type Condition, describeCondition } from '../route/matchers.ts'
import type { Affinity } from '../route/affinity.ts'
import type { RouteEntry } from '../route/route-table.ts'
import { preparePath, splitTarget } from '../route/path.ts'
import { nameBits } from '../route/header-list.ts'
import { redirectLocation, splitAuthority, withoutBrackets } from '../route/redirect.ts'
import type { Matchable, RequestView } from '../route/request-view.ts'
import { explainAdaptive } from './adaptive-account.ts'
import { explainChoice } from './choice.ts'
import { explainLimits } from './cluster-account.ts'
import { explainHash } from './hash-account.ts'
import { Explanation, type Step } from './explanation.ts'
import { describeFault, explainOutgoing, explainRetries, explainTimeout, percent } from './plan-account.ts'
import { explainRefusals } from './refusals.ts'
import type { Snapshot } from './snapshot.ts'

/** A request as a person would name it. */
export interface ExplainRequest {
  /** `http://host:port/path?query` */
  readonly url: string
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface World {
  readonly random: Random
  readonly settings: CallSettings
  readonly affinity: Affinity
  /** What surrounds whoever asks. */
  readonly scope: CallScope | undefined
  readonly nowMs: number
  cluster(name: string): Cluster | undefined
}

export function explainCall(request: ExplainRequest | RequestView, snapshot: Snapshot, world: World): Explanation {
  if (!('url' in request)) {
    const { method, scheme, authority, target } = request
    return new Account(request, snapshot, world).run(`${method} ${scheme}://${authority}${target}`)
  }
  const view = viewOf(request)
  return new Account(view, snapshot, world).run(`${view.method} ${request.url}`)
}

class Account {
  #view: RequestView
  readonly #snapshot: Snapshot
  readonly #world: World
  readonly #steps: Step[] = []
  /** What the request and the services it leads to are called. */
  readonly #names = new Set<string>()

  constructor(view: RequestView, snapshot: Snapshot, world: World) {
    this.#view = view
    this.#snapshot = snapshot
    this.#world = world
  }

  run(title: string): Explanation {
    const { path, query } = splitTarget(this.#view.target)
    const prepared = preparePath(path, this.#snapshot.pathNormalization)
    if (prepared === undefined) {
      this.#say('path', `invalid path ${path}: answered with 400`)
      return this.#end(title, { answer: '400' })
    }
    if (prepared !== path) this.#say('path', `${path} is read as ${prepared}`)
    let drawn: number | undefined
    const dice = (): number => (drawn ??= below(this.#world.random, 1_000_000))
    this.#names.add(withoutBrackets(splitAuthority(this.#view.authority).host).toLowerCase())
    const host = this.#snapshot.hostOf(this.#view)
    for (const name of host?.model.domains ?? []) this.#names.add(name)
    if (host !== undefined) this.#inherit()
    const request: Matchable = { view: this.#view, path: prepared, query, dice }
    if (this.#leftMs !== undefined) {
      this.#say('deadline', this.#leftMs > 0 ? `${this.#leftMs} ms are left` : 'has passed: answered with 504 (DT)')
      if (this.#leftMs <= 0) return this.#end(title, { answer: '504 DT' })
    }
    if (host === undefined) return this.#unknownHost(title, request)
    this.#say('host', `${this.#view.authority} is claimed by ${host.model.name}`, host.model.origin)
    const entry = host.table.find(request, (tried, miss) => {
      this.#say(
        'rule',
        `${nameOf(tried)} does not match: ${describeCondition(miss)}${actual(miss, this.#view)}`,
        tried.payload.route.origin,
      )
    })
    if (entry === undefined) {
      this.#say('answer', '404, no rule matches (NR route_not_found)')
      return this.#end(title, { answer: '404 NR' })
    }
    this.#say('rule', `${nameOf(entry)} matches`, entry.payload.route.origin)
    return this.#follow(title, entry, request)
  }

  /** What the surroundings of the question add to the request. */
  #inherit(): void {
    const { scope } = this.#world
    if (scope === undefined) return
    const view = new ScopedView(this.#view, scope.headers)
    this.#view = view
    for (let i = 0; i < view.inherited.length; i += 2)
      this.#say('inherited', `${view.inherited[i]}: ${view.inherited[i + 1]}`)
    if (scope.criticality !== undefined) this.#say('inherited', `${criticalityHeader}: ${scope.criticality}`)
  }

  get #leftMs(): number | undefined {
    const { scope, nowMs } = this.#world
    const atMs = Math.min(scope?.deadlineAtMs ?? Infinity, headerDeadline(this.#view, nowMs))
    return atMs === Infinity ? undefined : Math.floor(atMs - nowMs)
  }

  #unknownHost(title: string, request: Matchable): Explanation {
    this.#otherPorts()
    const { unknownHosts } = this.#snapshot.config
    const plan = this.#snapshot.unknownHost
    const wanted = this.#snapshot.wantedHost(this.#view)
    if (wanted !== undefined) {
      this.#say(
        'host',
        `${wanted} is not known yet: a call waits while the source is asked for it`,
        unknownHosts.origin,
      )
      return this.#end(title, { answer: 'waits' })
    }
    if (plan === undefined) {
      this.#say(
        'host',
        `${this.#view.authority} is unknown and unknown hosts are blocked: answered with 502`,
        unknownHosts.origin,
      )
      return this.#end(title, { answer: '502' })
    }
    const how =
      unknownHosts.kind === 'passthrough'
        ? 'passes through to its own address, without mesh features'
        : 'goes to the egress cluster'
    this.#say('host', `${this.#view.authority} is unknown: it ${how}`, unknownHosts.origin)
    return this.#forward(title, plan, request)
  }

  /** A host that is known, but not on this port. */
  #otherPorts(): void {
    const name = splitAuthority(this.#view.authority).host.toLowerCase()
    const hosts = this.#snapshot.config.virtualHosts.filter(
      ({ domains, port }) => port !== undefined && domains.includes(name),
    )
    const [first] = hosts
    if (first === undefined) return
    const ports = hosts.map(({ port }) => port).join(', ')
    const text = `${first.domains[0] ?? name} exists with port ${ports}, not with ${this.#view.port}`
    this.#say('host', text, first.origin)
  }

  #follow(title: string, entry: RouteEntry<RoutePlan>, request: Matchable): Explanation {
    const plan = entry.payload
    if (plan.kind === 'forward') return this.#forward(title, plan, request)
    const { action } = plan
    const text =
      action.kind === 'redirect'
        ? `${action.status} to ${redirectLocation(action, entry.match.path, request)}`
        : `${action.status} directly, ${action.body?.length ?? 0} bytes`
    this.#say('answer', text, plan.route.origin)
    return this.#end(title, { route: plan.route.name, answer: text })
  }

  #forward(title: string, plan: ForwardPlan, request: Matchable): Explanation {
    const aimed = plan.faultsDiffer ? plan.split.pick(this.#world.random) : undefined
    const abort = this.#fault(plan, aimed === undefined ? plan.action.fault : aimed.fault)
    const target = aimed ?? plan.split.pick(this.#world.random)
    if (plan.split.choices.length > 1) {
      const shares = plan.split.choices.map((choice) => `${percent(plan.split.share(choice))} ${nameOfTarget(choice)}`)
      this.#say(
        'split',
        `${shares.join(', ')}; the next draw falls on ${target === undefined ? 'none' : nameOfTarget(target)}`,
        plan.route.origins['split'] ?? plan.route.origin,
      )
    }
    if (abort !== undefined)
      return this.#end(title, { route: plan.route.name, answer: `${abort.httpStatus ?? 200} FI` })
    const chosen = target && clusterOf(target, this.#view)
    const name = chosen && this.#variantOf(chosen)
    const cluster = name === undefined ? undefined : this.#world.cluster(name)
    if (target?.clusterHeader !== undefined) this.#say('cluster', `named by the request: ${target.clusterHeader}`)
    if (target === undefined || cluster === undefined) {
      this.#say('cluster', `${name || 'none'} does not exist: answered with 503 (NC cluster_not_found)`)
      return this.#end(title, { route: plan.route.name, answer: '503 NC' })
    }
    const endpoint = this.#choose(cluster, plan, request)
    const { settings, scope } = this.#world
    for (const [what, text, part] of [
      ...explainOutgoing(plan, target, request),
      ...explainTimeout(plan, this.#view, settings, scope),
      ...explainRetries(plan, this.#view, settings, scope),
    ])
      this.#say(what, text, part === undefined ? undefined : originOf(plan, part))
    for (const [what, text, part] of explainLimits(cluster.model))
      this.#say(what, text, cluster.model.origins[part] ?? cluster.model.origin)
    this.#adapts(cluster)
    return this.#end(title, {
      route: plan.route.name,
      cluster: cluster.name,
      ...(endpoint === undefined ? { answer: '503 UH' } : { endpoint }),
    })
  }

  #variantOf(cluster: string): string {
    const variant = this.#world.scope?.variant
    if (variant === undefined) return cluster
    const found = this.#snapshot.variantOf(cluster, variant)
    this.#say('cluster', `${cluster} is chosen, ${variant} of the same service is wanted by the code around the call`)
    return found ?? `${cluster} ${variant}`
  }

  /** Throws the dice as the next call will; the abort it is answered with, if any. */
  #fault(plan: ForwardPlan, fault: FaultPolicy | undefined): FaultPolicy['abort'] {
    if (fault === undefined) return undefined
    for (const text of describeFault(fault, this.#world.settings.faults))
      this.#say('fault', text, originOf(plan, 'fault'))
    if (!this.#world.settings.faults) return undefined
    const delayMs = drawDelay(fault, this.#view, this.#world.random)
    const abort = drawAbort(fault, this.#view, this.#world.random)
    if (delayMs > 0) this.#say('fault', 'the next draw delays')
    if (abort !== undefined) this.#say('fault', 'the next draw aborts')
    return abort
  }

  /** The endpoint the next call would use, as `address:port`. */
  #choose(cluster: Cluster, plan: ForwardPlan, request: Matchable): string | undefined {
    const { model } = cluster
    this.#names.add(model.service.host)
    this.#say('cluster', `${cluster.name}, ${model.loadBalancer.kind}`, model.origins['loadBalancer'] ?? model.origin)
    if (model.discovery.kind === 'originalDestination') {
      const port = model.discovery.port ?? this.#view.port
      const own = endpointKey({ address: this.#view.hostname, port })
      this.#say('endpoint', `${own} as the URL says`)
      return own
    }
    if (!cluster.ready)
      this.#say('cluster', 'a call would wait: its names are not resolved yet, or its first health checks are not over')
    const { affinity, random } = this.#world
    const { hashKey, texts } = explainHash(cluster, plan.action.hashPolicies, request, affinity, random)
    const said = plan.route.origins['hash'] ?? model.origins['loadBalancer'] ?? plan.route.origin
    for (const text of texts) this.#say('hash', text, said)
    const { steps, endpoint } = explainChoice(cluster, { ...anyEndpoint, hashKey }, this.#world.random)
    for (const [what, text] of steps) {
      this.#say(what, text, what === 'candidate' ? undefined : model.origins['localities'])
    }
    if (endpoint === undefined) this.#say('answer', '503 no healthy upstream (UH)')
    else this.#say('endpoint', endpoint.key)
    return endpoint?.key
  }

  #adapts({ adaptive, limits, model }: Cluster): void {
    if (adaptive === undefined) return
    for (const [what, text, part] of explainAdaptive(adaptive, limits.requests + limits.pending))
      this.#say(what, text, model.origins[part])
  }

  #say(what: string, text: string, origin?: Origin): void {
    const position = origin && (this.#snapshot.config.locate?.(origin) ?? origin.position)
    this.#steps.push({
      what,
      text,
      ...(origin === undefined
        ? {}
        : { setBy: origin.path === '' ? origin.resource : `${origin.resource} ${origin.path}` }),
      ...(position === undefined ? {} : { at: `${position.source}:${position.line}:${position.column}` }),
    })
  }

  #end(title: string, outcome: Explanation['outcome']): Explanation {
    const refused = explainRefusals(this.#snapshot.config.problems, this.#names)
    return new Explanation(title, [...refused, ...this.#steps], outcome)
  }
}

function viewOf(request: ExplainRequest): RequestView {
  const url = new URL(request.url)
  const headers = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  return {
    scheme,
    authority: headers.get('host') ?? url.host,
    hostname: withoutBrackets(url.hostname),
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    method: request.method ?? 'GET',
    target: url.pathname + url.search,
    headerBits: nameBits([...headers].flat()),
    header: (name) => headers.get(name),
  }
}

function nameOf(entry: RouteEntry<RoutePlan>): string {
  const { name, origin } = entry.payload.route
  return [origin.path, name === '' ? '' : `"${name}"`].filter((part) => part !== '').join(' ') || 'rule'
}

/** What the request has where a header condition failed. */
function actual({ subject, name }: Condition, view: RequestView): string {
  if (subject !== 'header') return ''
  const value = view.header(name)
  return value === undefined ? ' (the request has none)' : ` (the request has ${JSON.stringify(value)})`
}

function originOf(plan: ForwardPlan, field: string): Origin {
  return plan.route.origins[field] ?? plan.route.origin
}

function nameOfTarget({ cluster, clusterHeader }: Target): string {
  return clusterHeader === undefined ? cluster : `what ${clusterHeader} names`
}

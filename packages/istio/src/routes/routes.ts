// The routes of a VirtualService for this client and one request port: one per match entry that survives.
import type { Origin, Route, RouteAction } from '@proxyless/core/spi'
import { originOf } from '../documents/resource.ts'
import { BUILT_IN } from '../world/settings.ts'
import type { World } from '../world/world.ts'
import type { Plan } from './claims.ts'
import { dependsOnPort, noteInferredPort } from './destination.ts'
import { translateForward } from './forward.ts'
import { destinationsOf, fieldOrigin, mirrorsOf } from './http-rule.ts'
import type { HttpRule, PlacedMatch } from './http-rule.ts'
import { translateDirectResponse, translateRedirect } from './local-answers.ts'
import { isCatchAll, translateMatch } from './match.ts'
import { survives } from './static-filters.ts'

/** Request ports that make a difference: some, or each one. */
interface PortsOfPlan {
  readonly named: ReadonlySet<number>
  readonly every: boolean
}

/** Builds each VirtualService's routes once per port that makes a difference. */
export class RouteBuilder {
  readonly #world: World
  readonly #built = new Map<Plan, Map<number | undefined, readonly Route[]>>()
  readonly #ports = new Map<Plan, PortsOfPlan>()
  readonly #noted = new Map<Plan, Set<number | undefined>>()

  constructor(world: World) {
    this.#world = world
  }

  /** `port` undefined: a request port that no document names. Empty: the VirtualService says nothing to this client. */
  routesOf(plan: Plan, port: number | undefined): readonly Route[] {
    this.#noteInferredPorts(plan, port)
    const { named, every } = this.#portsOf(plan)
    const key = port !== undefined && (every || named.has(port)) ? port : undefined
    let byPort = this.#built.get(plan)
    if (byPort === undefined) this.#built.set(plan, (byPort = new Map<number | undefined, readonly Route[]>()))
    let routes = byPort.get(key)
    if (routes === undefined) byPort.set(key, (routes = buildRoutes(this.#world, plan, key)))
    return routes
  }

  #noteInferredPorts(plan: Plan, port: number | undefined): void {
    let noted = this.#noted.get(plan)
    if (noted === undefined) this.#noted.set(plan, (noted = new Set<number | undefined>()))
    if (noted.has(port)) return
    noted.add(port)
    for (const rule of plan.rules) {
      if (survivors(rule, this.#world, port).length === 0) continue
      for (const destination of destinationsOf(rule)) noteInferredPort(this.#world, destination, port)
    }
  }

  /** Request ports for which this VirtualService has something of its own to say. */
  portsOf(plan: Plan): ReadonlySet<number> {
    return this.#portsOf(plan).named
  }

  #portsOf(plan: Plan): PortsOfPlan {
    let known = this.#ports.get(plan)
    if (known === undefined) this.#ports.set(plan, (known = findPorts(this.#world, plan)))
    return known
  }
}

function findPorts(world: World, plan: Plan): PortsOfPlan {
  const named = new Set<number>()
  let every = false
  for (const rule of plan.rules) {
    for (const { spec } of rule.matches) if (spec.port !== undefined) named.add(spec.port)
    for (const destination of [...destinationsOf(rule), ...mirrorsOf(rule)]) {
      const ports = dependsOnPort(world, destination)
      if (ports === 'every') every = true
      else for (const port of ports) named.add(port)
    }
  }
  return { named, every }
}

function buildRoutes(world: World, plan: Plan, port: number | undefined): Route[] {
  const routes: Route[] = []
  for (const [index, rule] of plan.rules.entries()) {
    const alive = survivors(rule, world, port)
    if (alive.length === 0) continue
    const action = translateAction(world, rule, port)
    const origins = originsOf(world, rule)
    for (const match of alive) {
      const route = routeOf(rule, match, action, origins)
      routes.push(route)
      if (!isCatchAll(route.match)) continue
      if (match?.spec.port === undefined) warnUnreachable(world, rule, match, plan.rules[index + 1])
      return routes
    }
  }
  return routes
}

/** The match entries that hold for this client and port; `undefined` stands for the absence of any. */
function survivors(rule: HttpRule, world: World, port: number | undefined): (PlacedMatch | undefined)[] {
  if (rule.matches.length === 0) return [undefined]
  return rule.matches.filter(({ spec }) => survives(spec, world.client, port))
}

function routeOf(
  rule: HttpRule,
  match: PlacedMatch | undefined,
  action: RouteAction,
  origins: Readonly<Record<string, Origin>>,
): Route {
  const { resource, path } = match ?? rule.place
  const { name, statPrefix } = match?.spec ?? {}
  return {
    name: [rule.spec.name ?? '', ...(name === undefined || name === '' ? [] : [name])].join('.'),
    match: translateMatch(match?.spec),
    action,
    ...(statPrefix === undefined ? {} : { statPrefix }),
    origin: originOf(resource, path),
    origins,
  }
}

function translateAction(world: World, rule: HttpRule, port: number | undefined): RouteAction {
  const { redirect, directResponse, headers } = rule.spec
  if (redirect !== undefined) return translateRedirect(redirect, headers)
  if (directResponse !== undefined) return translateDirectResponse(directResponse, headers)
  return translateForward(world, rule, port)
}

function originsOf(world: World, rule: HttpRule): Record<string, Origin> {
  const { spec } = rule
  const origins: Record<string, Origin> = {}
  origins['timeout'] = spec.timeout === undefined ? BUILT_IN : fieldOrigin(rule, 'timeout')
  const byDefault = world.settings.originOf('defaultHttpRetryPolicy')
  origins['retry'] = spec.retries === undefined ? byDefault : fieldOrigin(rule, 'retries')
  for (const field of ['fault', 'rewrite', 'headers'] as const) {
    if (spec[field] !== undefined) origins[field] = fieldOrigin(rule, field)
  }
  if (spec.mirror !== undefined) origins['mirror'] = fieldOrigin(rule, 'mirror')
  else if (spec.mirrors !== undefined) origins['mirror'] = fieldOrigin(rule, 'mirrors')
  return origins
}

function warnUnreachable(
  world: World,
  rule: HttpRule,
  match: PlacedMatch | undefined,
  next: HttpRule | undefined,
): void {
  const later = match === undefined ? undefined : rule.matches[rule.matches.indexOf(match) + 1]
  if (later !== undefined) {
    const message = 'the match entry before this one matches everything; this one is never reached'
    world.findings.warn('ROUTE_UNREACHABLE', later.resource, later.path, message)
  }
  if (next !== undefined) {
    const message = `${rule.place.path} matches everything; this route and all after it are never reached`
    world.findings.warn('ROUTE_UNREACHABLE', next.place.resource, next.place.path, message)
  }
}

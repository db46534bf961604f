// Model -> compiled hosts and routes, memoised by identity: only what changed is compiled, and only when a call needs it.
// Total on valid models; doors refuse what cannot be compiled.
import type { RegexEngine } from '../base/regex.ts'
import { compileRoute, type RoutePlan } from '../call/plan.ts'
import type { VirtualHost } from '../model/route.ts'
import { compileMatch } from '../route/matchers.ts'
import { RouteTable } from '../route/route-table.ts'

/** A virtual host whose routes are compiled at their first use. */
export class HostPlan {
  readonly model: VirtualHost
  readonly #regex: RegexEngine
  #table: RouteTable<RoutePlan> | undefined

  constructor(model: VirtualHost, regex: RegexEngine) {
    this.model = model
    this.#regex = regex
  }

  get table(): RouteTable<RoutePlan> {
    this.#table ??= new RouteTable(
      this.model.routes.map((route) => ({
        match: compileMatch(route.match, this.#regex),
        payload: compileRoute(route, this.#regex),
      })),
    )
    return this.#table
  }
}

/** Compiled hosts by their model, for as long as the model lives. */
export class Compiler {
  readonly regex: RegexEngine
  readonly #hosts = new WeakMap<VirtualHost, HostPlan>()

  constructor(regex: RegexEngine) {
    this.regex = regex
  }

  hostPlan(model: VirtualHost): HostPlan {
    let plan = this.#hosts.get(model)
    if (plan === undefined) {
      plan = new HostPlan(model, this.regex)
      this.#hosts.set(model, plan)
    }
    return plan
  }
}

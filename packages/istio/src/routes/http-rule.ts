// One http route of a VirtualService, or of a root and its delegate merged, with the place each field was said at.
import type { Resource } from '../documents/resource.ts'
import { originOf } from '../documents/resource.ts'
import type { Origin } from '@proxyless/core/spi'
import type { DestinationSpec } from '../schema/primitives.ts'
import type { HttpMatchSpec, HttpRouteSpec } from '../schema/virtual-service.ts'

export interface Place {
  readonly resource: Resource<'VirtualService'>
  readonly path: string
}

export interface PlacedMatch extends Place {
  readonly spec: HttpMatchSpec
}

/** The resource's namespace completes a short name. */
export interface PlacedDestination {
  readonly spec: DestinationSpec
  readonly resource: Resource
  readonly path: string
}

export interface HttpRule {
  readonly spec: HttpRouteSpec
  readonly place: Place
  /** Empty: everything matches. */
  readonly matches: readonly PlacedMatch[]
  /** Fields that a root said for its delegate. */
  readonly elsewhere: { readonly [F in keyof HttpRouteSpec]?: Place }
}

export function rulesOf(resource: Resource<'VirtualService'>): HttpRule[] {
  return (resource.spec.http ?? []).map((spec, index) => {
    const path = `spec.http[${index}]`
    const matches = (spec.match ?? []).map((match, at) => ({ spec: match, resource, path: `${path}.match[${at}]` }))
    return { spec, place: { resource, path }, matches, elsewhere: {} }
  })
}

/** Where the rule forwards to, in the order of its weights. */
export function destinationsOf(rule: HttpRule): PlacedDestination[] {
  return (rule.spec.route ?? []).map(({ destination }, index) =>
    placed(rule, 'route', `[${index}].destination`, destination),
  )
}

/** Where the rule sends copies: to `mirror`, or to each of `mirrors`. */
export function mirrorsOf(rule: HttpRule): PlacedDestination[] {
  const { mirror, mirrors = [] } = rule.spec
  if (mirror !== undefined) return [placed(rule, 'mirror', '', mirror)]
  return mirrors.map(({ destination }, index) => placed(rule, 'mirrors', `[${index}].destination`, destination))
}

function placed(rule: HttpRule, field: keyof HttpRouteSpec, within: string, spec: DestinationSpec): PlacedDestination {
  const { resource, path } = placeOf(rule, field)
  return { spec, resource, path: `${path}.${field}${within}` }
}

function placeOf(rule: HttpRule, field: keyof HttpRouteSpec): Place {
  return rule.elsewhere[field] ?? rule.place
}

export function fieldOrigin(rule: HttpRule, field: keyof HttpRouteSpec): Origin {
  const { resource, path } = placeOf(rule, field)
  return originOf(resource, `${path}.${field}`)
}

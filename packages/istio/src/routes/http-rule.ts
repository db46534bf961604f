// One http route of a VirtualService, or of a root and its delegate merged, with the place each field was said at.
import type { Resource } from '../documents/resource.ts'
import { originOf } from '../documents/resource.ts'
import type { Origin } from '@proxyless/core/spi'
import type { HttpRouteSpec } from '../schema/virtual-service.ts'

export interface Place {
  readonly resource: Resource<'VirtualService'>
  readonly path: string
}

export interface HttpRule {
  readonly spec: HttpRouteSpec
  readonly place: Place
  /** Fields that a root said for its delegate. */
  readonly elsewhere: { readonly [F in keyof HttpRouteSpec]?: Place }
}

export function rulesOf(resource: Resource<'VirtualService'>): HttpRule[] {
  return (resource.spec.http ?? []).map((spec, index) => ({
    spec,
    place: { resource, path: `spec.http[${index}]` },
    elsewhere: {},
  }))
}

export function placeOf(rule: HttpRule, field: keyof HttpRouteSpec): Place {
  return rule.elsewhere[field] ?? rule.place
}

export function fieldOrigin(rule: HttpRule, field: keyof HttpRouteSpec): Origin {
  const { resource, path } = placeOf(rule, field)
  return originOf(resource, `${path}.${field}`)
}

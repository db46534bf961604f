// Root VirtualServices whose routes are completed by delegates: merged here, before anything else looks at them.
import type { Resource } from '../documents/resource.ts'
import type { Findings } from '../world/findings.ts'
import type { HttpRouteSpec } from '../schema/virtual-service.ts'
import { isExported, orDefault } from '../scope/names.ts'
import type { Settings } from '../world/settings.ts'
import { mergeMatch } from './delegate-match.ts'
import { rulesOf } from './http-rule.ts'
import type { HttpRule, Place, PlacedMatch } from './http-rule.ts'

export type Delegates = ReadonlyMap<string, Resource<'VirtualService'>>

/** VirtualServices without hosts, by namespace/name. */
export function findDelegates(all: readonly Resource<'VirtualService'>[]): Delegates {
  const delegates = all.filter((resource) => (resource.spec.hosts?.length ?? 0) === 0)
  return new Map(delegates.map((resource) => [`${resource.namespace}/${resource.name}`, resource]))
}

export function expandDelegates(
  root: Resource<'VirtualService'>,
  delegates: Delegates,
  settings: Settings,
  findings: Findings,
): HttpRule[] {
  return rulesOf(root).flatMap((rule) => {
    const target = rule.spec.delegate
    if (target === undefined) return [rule]
    const id = `${target.namespace ?? root.namespace}/${target.name}`
    const delegate = delegates.get(id)
    const path = `${rule.place.path}.delegate`
    if (delegate === undefined || !isVisible(delegate, root, settings)) {
      const reason = delegate === undefined ? 'does not exist' : 'is not exported to this namespace'
      findings.warn('DELEGATE_MISSING', root, path, `delegate ${id} ${reason}; this route is left out`)
      return []
    }
    return rulesOf(delegate).flatMap((part) => merge(rule, part, findings))
  })
}

function isVisible(
  delegate: Resource<'VirtualService'>,
  root: Resource<'VirtualService'>,
  settings: Settings,
): boolean {
  const exportTo = orDefault(delegate.spec.exportTo, settings.virtualServiceExportTo)
  return isExported(exportTo, delegate.namespace, root.namespace)
}

/** The delegate's fields win; the root fills what it leaves open. */
function merge(root: HttpRule, part: HttpRule, findings: Findings): HttpRule[] {
  const matches = mergeMatches(root, part)
  if (matches === undefined) {
    const message = `no match of this route lies within ${root.place.resource.id} ${root.place.path}; the route is left out`
    findings.warn('DELEGATE_CONFLICT', part.place.resource, part.place.path, message)
    return []
  }
  const elsewhere: Partial<Record<keyof HttpRouteSpec, Place>> = {}
  for (const field of Object.keys(root.spec) as (keyof HttpRouteSpec)[]) {
    if (part.spec[field] === undefined) elsewhere[field] = root.place
  }
  const { delegate: _delegate, ...inherited } = root.spec
  const name = [root.spec.name, part.spec.name].filter((text) => text !== undefined && text !== '').join('-')
  const spec: HttpRouteSpec = { ...inherited, ...part.spec, ...(name === '' ? {} : { name }) }
  return [{ spec, place: part.place, matches, elsewhere }]
}

/** Each of the delegate's with every match of the root that it lies within; undefined where one lies within none. */
function mergeMatches(root: HttpRule, part: HttpRule): PlacedMatch[] | undefined {
  if (root.matches.length === 0) return [...part.matches]
  if (part.matches.length === 0) return root.matches.map(({ spec }) => ({ spec, ...part.place }))
  const merged: PlacedMatch[] = []
  for (const inner of part.matches) {
    const found = root.matches.flatMap((outer) => mergeMatch(outer.spec, inner.spec) ?? [])
    if (found.length === 0) return undefined
    merged.push(...found.map((spec) => ({ ...inner, spec })))
  }
  return merged
}

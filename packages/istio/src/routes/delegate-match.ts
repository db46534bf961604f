// Whether a delegate's match lies within a root's match, and what both together say.
import type { StringMatchSpec } from '../schema/primitives.ts'
import type { HttpMatchSpec } from '../schema/virtual-service.ts'

type Strings = Readonly<Record<string, StringMatchSpec | null>>

const STRINGS = ['uri', 'method', 'scheme', 'authority'] as const
const MAPS = ['headers', 'withoutHeaders', 'queryParams'] as const

/** Undefined when the inner match is not within the outer one. */
export function mergeMatch(outer: HttpMatchSpec, inner: HttpMatchSpec): HttpMatchSpec | undefined {
  const within =
    STRINGS.every((field) => isWithin(outer[field], inner[field])) &&
    MAPS.every((field) => areWithin(outer[field], inner[field])) &&
    areFiltersWithin(outer, inner)
  if (!within) return undefined
  const merged: Record<string, unknown> = { ...outer, ...inner }
  for (const field of [...MAPS, 'sourceLabels'] as const) {
    if (outer[field] !== undefined || inner[field] !== undefined) merged[field] = { ...outer[field], ...inner[field] }
  }
  const name = [outer.name, inner.name].filter((part) => part !== undefined && part !== '').join('-')
  return name === '' ? merged : { ...merged, name }
}

function areFiltersWithin(outer: HttpMatchSpec, inner: HttpMatchSpec): boolean {
  const labels = Object.entries(inner.sourceLabels ?? {})
  const gateways = outer.gateways ?? inner.gateways
  return (
    (outer.ignoreUriCase ?? false) === (inner.ignoreUriCase ?? false) &&
    (outer.port === undefined || inner.port === undefined || outer.port === inner.port) &&
    (outer.sourceNamespace === undefined || outer.sourceNamespace === inner.sourceNamespace) &&
    labels.every(([key, value]) => (outer.sourceLabels?.[key] ?? value) === value) &&
    (inner.gateways ?? []).every((gateway) => gateways?.includes(gateway))
  )
}

function areWithin(outer: Strings | undefined, inner: Strings | undefined): boolean {
  return Object.entries(inner ?? {}).every(([key, value]) => isWithin(outer?.[key], value))
}

function isWithin(outer: StringMatchSpec | null | undefined, inner: StringMatchSpec | null | undefined): boolean {
  if (outer === undefined || inner === undefined) return true
  if (outer?.regex !== undefined || inner?.regex !== undefined) return false
  const text = inner?.exact ?? inner?.prefix ?? ''
  if (outer?.exact !== undefined) return inner?.exact === outer.exact
  return text.startsWith(outer?.prefix ?? '')
}

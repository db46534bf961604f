// Whether a delegate's match lies within a root's match, and what both together say.
import type { StringMatchSpec } from '../schema/primitives.ts'
import type { HttpMatchSpec } from '../schema/virtual-service.ts'

type Strings = Readonly<Record<string, StringMatchSpec | null>>

/** Undefined when the inner match is not within the outer one. */
export function mergeMatch(outer: HttpMatchSpec, inner: HttpMatchSpec): HttpMatchSpec | undefined {
  for (const field of ['uri', 'method', 'scheme', 'authority'] as const) {
    if (!isWithin(outer[field], inner[field])) return undefined
  }
  if (
    (outer.ignoreUriCase ?? false) !== (inner.ignoreUriCase ?? false) &&
    inner.uri !== undefined &&
    outer.uri !== undefined
  ) {
    return undefined
  }
  if (outer.port !== undefined && inner.port !== undefined && outer.port !== inner.port) return undefined
  if (
    outer.sourceNamespace !== undefined &&
    inner.sourceNamespace !== undefined &&
    outer.sourceNamespace !== inner.sourceNamespace
  ) {
    return undefined
  }
  for (const [key, value] of Object.entries(inner.sourceLabels ?? {})) {
    if ((outer.sourceLabels?.[key] ?? value) !== value) return undefined
  }
  if (
    inner.gateways !== undefined &&
    !inner.gateways.every((gateway) => (outer.gateways ?? inner.gateways ?? []).includes(gateway))
  ) {
    return undefined
  }
  const fields = ['headers', 'withoutHeaders', 'queryParams'] as const
  if (fields.some((field) => contradicts(outer[field], inner[field]))) return undefined
  const merged: Record<string, unknown> = { ...outer, ...inner }
  for (const field of [...fields, 'sourceLabels'] as const) {
    if (outer[field] !== undefined || inner[field] !== undefined) merged[field] = { ...outer[field], ...inner[field] }
  }
  const name = [outer.name, inner.name].filter((part) => part !== undefined && part !== '').join('-')
  return name === '' ? merged : { ...merged, name }
}

function isWithin(outer: StringMatchSpec | undefined, inner: StringMatchSpec | undefined): boolean {
  if (outer === undefined || inner === undefined) return true
  if (outer.regex !== undefined || inner.regex !== undefined) return false
  const text = inner.exact ?? inner.prefix ?? ''
  if (outer.exact !== undefined) return inner.exact === outer.exact
  return text.startsWith(outer.prefix ?? '')
}

function contradicts(outer: Strings | undefined, inner: Strings | undefined): boolean {
  return Object.entries(inner ?? {}).some(([key, value]) => {
    const other = outer?.[key]
    return other?.exact !== undefined && value?.exact !== undefined && other.exact !== value.exact
  })
}

// Header operations in the engine's words. Operations on Host become a host rewrite.
import type { HeaderMutation, HeaderValue } from '@proxyless/core/spi'
import type { HeaderOperationsSpec, HeadersSpec } from '../schema/virtual-service.ts'
import { isHostHeader } from '../validate/headers.ts'

export function translateOperations(operations: HeaderOperationsSpec | undefined): HeaderMutation | undefined {
  if (operations === undefined) return undefined
  const remove = (operations.remove ?? []).map((name) => name.toLowerCase())
  const mutation = { remove, set: valuesOf(operations.set), add: valuesOf(operations.add) }
  return remove.length + mutation.set.length + mutation.add.length === 0 ? undefined : mutation
}

/** One level of two: the later one's operations come after the earlier one's. */
export function concatOperations(
  a: HeaderMutation | undefined,
  b: HeaderMutation | undefined,
): HeaderMutation | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return { remove: [...a.remove, ...b.remove], set: [...a.set, ...b.set], add: [...a.add, ...b.add] }
}

/** The host that `set` or `add` would give; `set` wins. */
export function hostOf(headers: HeadersSpec | undefined): string | undefined {
  for (const values of [headers?.request?.set, headers?.request?.add]) {
    for (const name in values) if (isHostHeader(name)) return values[name]
  }
  return undefined
}

function valuesOf(values: Readonly<Record<string, string>> | undefined): HeaderValue[] {
  const list: HeaderValue[] = []
  for (const name in values) if (!isHostHeader(name)) list.push({ name: name.toLowerCase(), value: values[name] ?? '' })
  return list
}

// What no field of xDS says stands beside it, in `filter_metadata["proxyless.dev"]`: other clients ignore it, ours reads it back.
// Values from a server are not trusted: what is not of the right type is as if it were not there.
import type { Metadata } from '../generated/envoy/config/core/v3/base.ts'

/** The namespace of annotations, in metadata too. */
const OWN = 'proxyless.dev'

export type Own = Readonly<Record<string, unknown>>

/** Undefined where nothing is to be said. */
export function ownMetadata(own: Own | undefined, others: Metadata['filterMetadata'] = {}): Metadata | undefined {
  const filterMetadata = own === undefined ? others : { ...others, [OWN]: own }
  return Object.keys(filterMetadata).length === 0 ? undefined : { filterMetadata, typedFilterMetadata: {} }
}

/** Undefined: another control plane's resource. */
export function ownOf(metadata: Metadata | undefined): Own | undefined {
  return metadata?.filterMetadata[OWN]
}

export function textIn(own: Own | undefined, key: string): string | undefined {
  const value = own?.[key]
  return typeof value === 'string' ? value : undefined
}

export function numberIn(own: Own | undefined, key: string): number | undefined {
  const value = own?.[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function objectIn(own: Own | undefined, key: string): Own | undefined {
  const value = own?.[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Own) : undefined
}

export function listIn(own: Own | undefined, key: string): readonly unknown[] | undefined {
  const value = own?.[key]
  return Array.isArray(value) ? (value as unknown[]) : undefined
}

/** All of the numbers, or undefined. */
export function numbersIn<K extends string>(own: Own | undefined, keys: readonly K[]): Record<K, number> | undefined {
  const entries = keys.map((key) => [key, numberIn(own, key)] as const)
  if (entries.some(([, value]) => value === undefined)) return undefined
  return Object.fromEntries(entries) as Record<K, number>
}

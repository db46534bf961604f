// How protobuf and Envoy spell durations, chances, limits and typed extensions.
import type { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Any } from '../generated/google/protobuf/any.ts'
import type { Duration } from '../generated/google/protobuf/duration.ts'
import type { FractionalPercent } from '../generated/envoy/type/v3/percent.ts'

interface Codec<T> {
  encode(message: T): BinaryWriter
}

export function duration(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) }
}

/** A share of 0..1 as Envoy's Percent; 0.07 is 7, not 7.000000000000001. */
export function percent(share: number): { value: number } {
  return { value: Math.round(share * 1e12) / 1e10 }
}

/** A share of 0..1 where Envoy takes whole percents. */
export function wholePercent(share: number): number {
  return Math.round(share * 100)
}

/** A numerator of a million. */
export function fraction({ numerator }: { readonly numerator: number }): FractionalPercent {
  return { numerator, denominator: 2 }
}

/** Infinity is the largest number that there is. */
export function limit(count: number): number {
  return Math.min(count, 0xffff_ffff)
}

export function pack<T>(type: string, codec: Codec<T>, message: T): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: codec.encode(message).finish() }
}

/** A message without fields, or with fields that are bytes already. */
export function packBytes(type: string, value: Uint8Array = new Uint8Array()): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value }
}

/** The entry alone, or nothing where the value is undefined: for spreading. */
export function given<K extends string, T, R>(
  key: K,
  value: T | undefined,
  spell: (value: T) => R,
): { readonly [P in K]?: R } {
  return value === undefined ? {} : ({ [key]: spell(value) } as { readonly [P in K]: R })
}

/** Resources are fetched on the stream that brought this one; Envoy waits for them as long as it takes. */
export const ADS = {
  configSourceSpecifier: { $case: 'ads', value: {} },
  initialFetchTimeout: { seconds: 0, nanos: 0 },
  resourceApiVersion: 2,
} as const

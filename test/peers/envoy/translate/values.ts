// How Envoy's JSON spells durations, chances, limits and typed extensions.

export type Json = Readonly<Record<string, unknown>>

export function duration(ms: number): string {
  return `${ms / 1000}s`
}

/** A share of 0..1 as Envoy's Percent. */
export function percent(share: number): Json {
  return { value: share * 100 }
}

/** A numerator of a million. */
export function fraction({ numerator }: { readonly numerator: number }): Json {
  return { numerator, denominator: 'MILLION' }
}

/** Infinity is Envoy's largest number. */
export function limit(count: number): number {
  return Math.min(count, 0xffff_ffff)
}

export function typed(name: string, type: string, more: Json = {}): Json {
  return { name, typed_config: any(type, more) }
}

export function any(type: string, more: Json = {}): Json {
  return { '@type': `type.googleapis.com/${type}`, ...more }
}

/** The entry alone, or nothing where the value is undefined: for spreading. */
export function given<T>(name: string, value: T | undefined, spell: (value: T) => unknown = (same) => same): Json {
  return value === undefined ? {} : { [name]: spell(value) }
}

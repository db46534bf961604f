// The annotations of this product: one row each, the words they may begin with, and the parameters that may follow.
// ANNOTATIONS.md is held against this table by test/laws.

export const PREFIX = 'proxyless.dev/'

/** Numbers are within the bounds; durations are written `10s` and kept in milliseconds. */
export interface Parameter {
  readonly kind: 'duration' | 'number' | 'count'
  /** Undefined: it must be said. */
  readonly byDefault: number | undefined
  readonly min: number
  readonly max: number
}

/** The parameters of a word. */
export type Parameters = Readonly<Record<string, Parameter>>

export type AnnotationName =
  | 'balancer'
  | 'aperture'
  | 'adaptive-throttling'
  | 'adaptive-concurrency'
  | 'hedging'
  | 'deadline-aware-retries'
  | 'event-loop-correction'

/** What may be said in each, by its first word. `disabled` is always one. */
export const ANNOTATIONS: Readonly<Record<AnnotationName, Readonly<Record<string, Parameters>>>> = {
  balancer: {
    'peak-ewma': { decay: duration(10_000), failurePenalty: number(10, 1, 1_000) },
    'client-weighted-round-robin': {
      blackout: duration(10_000, 0),
      expiry: duration(180_000),
      update: duration(1_000),
      errorPenalty: number(1, 0, 1_000),
    },
  },
  aperture: { enabled: { size: count(undefined, 1, 1_000_000) } },
  'adaptive-throttling': {
    enabled: { k: number(2, 1, 100), window: duration(120_000, 1_000), maxRejectionPercent: number(90, 0, 100) },
  },
  'adaptive-concurrency': {
    enabled: {
      initial: count(20, 1, 1_000_000),
      min: count(20, 1, 1_000_000),
      max: count(200, 1, 1_000_000),
      tolerance: number(1.5, 1, 100),
      window: duration(1_000, 10),
    },
  },
  hedging: { enabled: { percentile: number(95, 50, 99.9), minDelay: duration(1), maxBlocked: duration(50, 0) } },
  'deadline-aware-retries': { enabled: {} },
  'event-loop-correction': { enabled: { maxGrace: duration(1_000, 10) } },
}

export function isAnnotation(name: string): name is AnnotationName {
  return Object.hasOwn(ANNOTATIONS, name)
}

function duration(byDefault: number, min = 1): Parameter {
  return { kind: 'duration', byDefault, min, max: 86_400_000 }
}

function number(byDefault: number, min: number, max: number): Parameter {
  return { kind: 'number', byDefault, min, max }
}

function count(byDefault: number | undefined, min: number, max: number): Parameter {
  return { kind: 'count', byDefault, min, max }
}

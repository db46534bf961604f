// Smaller variants of a case: one thing taken away from it each. What they become must still be a configuration.
import type { Recipe } from './recipe.ts'

/** What is there or not; all else of a recipe is needed. */
const optional: ReadonlySet<string> = new Set([
  'retry',
  'fault',
  'rewrite',
  'hostRewrite',
  'requestHeaders',
  'responseHeaders',
  'body',
  'scheme',
  'authority',
  'port',
])

/** Lists whose length means something: without a last hash policy a ring chooses by chance. */
const whole: ReadonlySet<string> = new Set(['domains', 'clusters', 'hashPolicies'])

export function smaller(recipe: Recipe): Recipe[] {
  return variants(recipe, '') as Recipe[]
}

function variants(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) {
    // flat lists of names and values, and pairs
    if (name === 'headers' && value.every((each) => typeof each === 'string')) return []
    const without = whole.has(name) ? [] : value.map((_, index) => value.toSpliced(index, 1))
    const within = value.flatMap((each, index) => variants(each, '').map((one) => value.with(index, one)))
    return Array.isArray(value[0]) || typeof value[0] !== 'object' ? without : [...without, ...within]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => {
    const { [key]: _, ...rest } = value as Record<string, unknown>
    return [...(optional.has(key) ? [rest] : []), ...variants(each, key).map((one) => ({ ...value, [key]: one }))]
  })
}

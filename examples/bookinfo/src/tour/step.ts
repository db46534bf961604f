// A step of the tour: what is asked of the mesh, what is expected of it, and how to measure what it does.
import type { Application } from '../stage/application.ts'

export interface Step {
  readonly title: string
  readonly asked: string
  readonly expected: string
  run(application: Application): Promise<Finding>
}

export interface Finding {
  readonly measured: string
  readonly good: boolean
}

/** `v1 750, v2 250`, in the order of the keys. */
export function show(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${key} ${count}`)
    .join(', ')
}

/** True when of `total` draws with this chance, `count` is within five standard deviations: wrong once in two million. */
export function isPlausible(count: number, total: number, chance: number): boolean {
  return Math.abs(count - total * chance) <= 5 * Math.sqrt(total * chance * (1 - chance))
}

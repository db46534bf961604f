// How load is divided among priorities, by how many of their hosts are fit. Pure arithmetic in whole percents, as Envoy's.
// Source: Envoy LoadBalancerBase recalculatePerPriorityState, recalculatePerPriorityPanic, recalculateLoadInTotalPanic.

/** Envoy's overprovisioning factor where a cluster does not say. */
export const defaultFactor = 1.4

/** How many hosts a priority has. */
export interface PriorityCounts {
  readonly total: number
  readonly healthy: number
  readonly degraded: number
}

/** Percent of all load; both lists together sum to 100. */
export interface PriorityLoads {
  readonly healthy: readonly number[]
  readonly degraded: readonly number[]
}

export interface Panic {
  /** Priorities of which all hosts are used, fit or not. */
  readonly panic: readonly boolean[]
  readonly loads: PriorityLoads
}

/**
 * @param factor overprovisioning, 1.4
 * @param without priorities that get nothing
 * @returns undefined when no host of the rest is fit
 */
export function loadsOf(
  priorities: readonly PriorityCounts[],
  factor: number,
  without?: ReadonlySet<number>,
): PriorityLoads | undefined {
  const healthy = priorities.map(({ healthy: fit, total }, i) => availability(without?.has(i) ? 0 : fit, total, factor))
  const degraded = priorities.map(({ degraded: fit, total }, i) =>
    availability(without?.has(i) ? 0 : fit, total, factor),
  )
  const available = Math.min(100, sum(healthy) + sum(degraded))
  if (available === 0) return undefined
  const toHealthy = distribute(healthy, 100, available)
  const toDegraded = distribute(degraded, 100 - sum(toHealthy), available)
  // what rounding left over goes to the first that has any
  const rest = 100 - sum(toHealthy) - sum(toDegraded)
  const first = healthy.findIndex((percent) => percent > 0)
  if (first !== -1) toHealthy[first] = (toHealthy[first] ?? 0) + rest
  else {
    const firstDegraded = degraded.findIndex((percent) => percent > 0)
    toDegraded[firstDegraded] = (toDegraded[firstDegraded] ?? 0) + rest
  }
  return { healthy: toHealthy, degraded: toDegraded }
}

/** @param threshold 0..1; below this share of fit hosts a priority panics. 0: never */
export function panicOf(priorities: readonly PriorityCounts[], factor: number, threshold: number): Panic {
  const loads = loadsOf(priorities, factor)
  const fit = ({ healthy, degraded, total }: PriorityCounts): number => (total === 0 ? 0 : (healthy + degraded) / total)
  const enough = loads !== undefined && isEnough(priorities, factor)
  const panic = priorities.map((counts) => !enough && fit(counts) < threshold)
  if (priorities.length > 0 && panic.every(Boolean)) return { panic, loads: byCount(priorities) }
  return { panic, loads: loads ?? byCount([]) }
}

function availability(fit: number, total: number, factor: number): number {
  // whole percents as Envoy counts them: its factor is 140, not 1.4
  return total === 0 ? 0 : Math.min(100, Math.floor((Math.round(factor * 100) * fit) / total))
}

function isEnough(priorities: readonly PriorityCounts[], factor: number): boolean {
  const percents = priorities.map(
    ({ healthy, degraded, total }) => availability(healthy, total, factor) + availability(degraded, total, factor),
  )
  return sum(percents) >= 100
}

/** As much as each can bear, in order, until nothing is left. */
function distribute(percents: readonly number[], load: number, available: number): number[] {
  let left = load
  return percents.map((percent) => {
    const share = Math.min(left, Math.floor((percent * 100) / available))
    left -= share
    return share
  })
}

/** When all panic: by how many hosts there are. */
function byCount(priorities: readonly PriorityCounts[]): PriorityLoads {
  const total = sum(priorities.map((counts) => counts.total))
  const healthy = priorities.map((counts) => (total === 0 ? 0 : Math.floor((100 * counts.total) / total)))
  const first = Math.max(
    0,
    priorities.findIndex((counts) => counts.total > 0),
  )
  healthy[first] = (healthy[first] ?? 0) + 100 - sum(healthy)
  return { healthy, degraded: priorities.map(() => 0) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

// The longest time for which the event loop was not free: the gap between ticks of a 1 ms timer (perf_hooks).
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Watched<T> {
  readonly result: T
  /** In milliseconds; the timer's own millisecond is taken off. */
  readonly longestBlockMs: number
  /** CPU of the process, garbage collection included, in milliseconds. */
  readonly cpuMs: number
}

export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await turns()
  delay.reset()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  await turns()
  delay.disable()
  return { result, longestBlockMs: Math.max(0, delay.max / 1e6 - 1), cpuMs: (user + system) / 1_000 }
}

/** Until the timer has ticked, so that no block is missed. */
async function turns(): Promise<void> {
  for (const end = performance.now() + 5; performance.now() < end;) await new Promise(setImmediate)
}

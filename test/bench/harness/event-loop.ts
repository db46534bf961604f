// CPU of some work, and the longest time for which the event loop was not free meanwhile: the gap between its turns,
// by the clock. Not monitorEventLoopDelay, which loses a block that follows its reset.

export interface Watched<T> {
  readonly result: T
  /** In milliseconds. */
  readonly longestBlockMs: number
  /** CPU of the process, garbage collection included, in milliseconds. */
  readonly cpuMs: number
}

export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  let watching = true
  let last = performance.now()
  let longestBlockMs = 0
  const turn = (): void => {
    const now = performance.now()
    longestBlockMs = Math.max(longestBlockMs, now - last)
    last = now
    if (watching) setImmediate(turn)
  }
  turn()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  watching = false
  turn()
  return { result, longestBlockMs, cpuMs: (user + system) / 1_000 }
}

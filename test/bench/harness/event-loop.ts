// CPU of some work, and the longest time for which the event loop was not free meanwhile: the gap between its turns,
// by the clock, but for the time in which the machine gave its CPUs to others. Not monitorEventLoopDelay, which loses a block
// that follows its reset.

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
  let lastCpu = cpuSoFarMs()
  let longestBlockMs = 0
  const turn = (): void => {
    const now = performance.now()
    const cpu = cpuSoFarMs()
    longestBlockMs = Math.max(longestBlockMs, Math.min(now - last, cpu - lastCpu))
    last = now
    lastCpu = cpu
    if (watching) setImmediate(turn)
  }
  turn()
  const before = cpuSoFarMs()
  const result = await work()
  const cpuMs = cpuSoFarMs() - before
  watching = false
  turn()
  return { result, longestBlockMs, cpuMs }
}

function cpuSoFarMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

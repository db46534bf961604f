// CPU of some work, and the longest time for which the event loop was not free meanwhile: the gap between its turns, by the clock,
// but for the time in which the machine gave the CPU to others. Not monitorEventLoopDelay, which loses a block that follows its reset.
import { closeSync, openSync, readSync } from 'node:fs'

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
  const thread = new MainThread()
  let lastCpu = thread.cpuMs()
  let longestBlockMs = 0
  const look = (): void => {
    const now = performance.now()
    const cpu = thread.cpuMs()
    longestBlockMs = Math.max(longestBlockMs, Math.min(now - last, cpu - lastCpu))
    last = now
    lastCpu = cpu
  }
  const turn = (): void => {
    if (!watching) return
    look()
    setImmediate(turn)
  }
  turn()
  const before = cpuSoFarMs()
  const result = await work()
  const cpuMs = cpuSoFarMs() - before
  watching = false
  look()
  thread.close()
  return { result, longestBlockMs, cpuMs }
}

function cpuSoFarMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** How long the thread of the event loop has run, by Linux's scheduler; on other systems as long as the clock did. */
class MainThread {
  readonly #file: number | undefined
  readonly #buffer = Buffer.alloc(64)

  constructor() {
    try {
      this.#file = openSync('/proc/self/schedstat', 'r')
    } catch {
      this.#file = undefined
    }
  }

  cpuMs(): number {
    if (this.#file === undefined) return performance.now()
    const size = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0)
    return Number.parseInt(this.#buffer.toString('latin1', 0, size), 10) / 1e6
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }
}

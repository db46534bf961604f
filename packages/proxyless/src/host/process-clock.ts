// The clock of the process: what the engine gets for time outside of tests.
// The only file of the product that touches setTimeout and performance.
import { performance } from 'node:perf_hooks'
import type { Clock, TimerHandle } from '@proxyless/core/spi'

/** Node fires a timer with a longer delay at once. */
const longestDelayMs = 2 ** 31 - 1

export const processClock: Clock = {
  now(): number {
    return performance.now()
  },
  wallNow(): number {
    return Date.now()
  },
  setTimer(delayMs: number, fire: () => void, background: boolean): TimerHandle {
    const timer = setTimeout(fire, Math.min(delayMs, longestDelayMs))
    if (background) timer.unref()
    return timer
  },
  clearTimer(timer: TimerHandle): void {
    clearTimeout(timer as NodeJS.Timeout | undefined)
  },
}

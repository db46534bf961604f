// How long a feed waits: between polls, after failures, and as servers ask.
import type { Random } from '@proxyless/core/spi'

/** The longest wait after failures; also how often a feed is asked that does not let us in. */
export const slowestMs = 60_000
const firstBackoffMs = 1000
/** A server that asks us back at once is not obeyed to the letter. */
const soonestMs = 1000

/** A poll's interval, 0.5 to 1.5 times. */
export function pollDelay(random: Random, pollMs: number): number {
  return pollMs * (0.5 + share(random))
}

/** Full jitter: anything from nothing to 1, 2, 4 ... 60 s after the first, second ... failure. */
export function backoff(random: Random, failures: number): number {
  return share(random) * Math.min(slowestMs, firstBackoffMs * 2 ** (failures - 1))
}

/** Retry-After in seconds or as a date; undefined when it says neither. */
export function retryAfter(value: string | undefined, wallNowMs: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - wallNowMs
  return Number.isNaN(ms) ? undefined : Math.max(soonestMs, ms)
}

function share(random: Random): number {
  return random.uint32() / 0x1_0000_0000
}

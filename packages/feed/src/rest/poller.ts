// Asks `/v1/config` again and again, or once when told to: one request outstanding, jittered, slower after failures.
// Knows when to ask, not what the answer holds.
import type { Clock, Random, TimerHandle } from '@proxyless/core/spi'
import { backoff, pollDelay, slowestMs } from './delays.ts'
import { type Refusal, refusalOf } from './refusal.ts'

export interface PollerOptions {
  readonly clock: Clock
  readonly random: Random
  readonly pollMs: number
  /** Asks and takes the answer; resolves to whether the server held the request until there was news. */
  readonly ask: (signal: AbortSignal) => Promise<boolean>
  readonly failed: (refusal: Refusal) => void
}

/** Between two requests of a long poll: a server that does not hold them must not be asked in a loop. */
const longPollGapMs = 1000

export class Poller {
  readonly #options: PollerOptions
  #timer: TimerHandle = undefined
  #asking: AbortController | undefined
  /** Asks on and on; else only until an answer has come. */
  #running = false
  /** Somebody wants an answer to a request that has not been sent yet. */
  #wanted = false
  #failures = 0
  #succeeded = false

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /** It asks on and on, and the last answer was a good one. */
  get succeeds(): boolean {
    return this.#running && this.#succeeded
  }

  run(): void {
    if (this.#running) return
    this.#running = true
    this.#succeeded = false
    this.#askNow()
  }

  /** One answer, soon: at once, or after the request that is on its way. */
  once(): void {
    this.#wanted = true
    this.#askNow()
  }

  /** Asks no more by itself; what is wanted, or on its way, still comes. */
  rest(): void {
    if (!this.#running) return
    this.#running = false
    const isIdle = this.#asking === undefined && this.#failures === 0
    if (isIdle) this.#options.clock.clearTimer(this.#timer)
  }

  /** Nobody needs answers any more; one that is on its way is dropped. */
  stop(): void {
    this.#running = false
    this.#wanted = false
    this.#failures = 0
    this.#options.clock.clearTimer(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  #askNow(): void {
    if (this.#asking !== undefined) return
    this.#options.clock.clearTimer(this.#timer)
    this.#wanted = false
    const asking = new AbortController()
    this.#asking = asking
    void this.#ask(asking)
  }

  async #ask(asking: AbortController): Promise<void> {
    const { clock, random, pollMs, ask, failed } = this.#options
    const startedAt = clock.now()
    try {
      const held = await ask(asking.signal)
      if (this.#asking !== asking) return
      this.#asking = undefined
      this.#failures = 0
      this.#succeeded = true
      const delay = held ? longPollGapMs : pollDelay(random, pollMs) - (clock.now() - startedAt)
      if (this.#wanted) this.#askNow()
      else if (this.#running) this.#arm(Math.max(delay, Math.min(longPollGapMs, pollMs)))
    } catch (error) {
      if (this.#asking !== asking) return
      this.#asking = undefined
      this.#succeeded = false
      const refusal = refusalOf(error)
      this.#wanted = !this.#running
      this.#arm(delayAfter(refusal, ++this.#failures, random))
      failed(refusal)
    }
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#askNow(), true)
  }
}

/** Retry-After wins; whoever is not let in asks at the slowest pace. */
export function delayAfter({ code, retryAfterMs }: Refusal, failures: number, random: Random): number {
  return retryAfterMs ?? (code === 'FEED_UNAUTHORISED' ? slowestMs : backoff(random, failures))
}

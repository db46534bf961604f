// Names that are asked for at their first call: how long calls wait for them, and when those that never came are forgotten.
// Names that came stay asked for as long as the source lives: to know which are still called, every call would have to say so.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import { calledName } from './bootstrap/listener-name.ts'

/** Until a name that never came is no longer asked for; the next call asks anew. */
const forgetMs = 600_000

export interface CalledHostsOptions {
  readonly clock: Clock
  /** How long calls wait. */
  readonly timeoutMs: number
  /** The name of a host's listener. */
  readonly listenerName: (host: string) => string
  /** True: the host has come. */
  readonly isKnown: (host: string) => boolean
  readonly changed: () => void
}

export class CalledHosts {
  readonly #options: CalledHostsOptions
  readonly #timers = new Map<string, TimerHandle>()
  #targets: ReadonlyMap<string, string> = new Map()
  #overdue: ReadonlySet<string> = new Set()

  constructor(options: CalledHostsOptions) {
    this.#options = options
  }

  /** Each with its listener's name. */
  get targets(): ReadonlyMap<string, string> {
    return this.#targets
  }

  /** Those that calls no longer wait for. */
  get overdue(): ReadonlySet<string> {
    return this.#overdue
  }

  /** @param wanted a host, or `xds://AUTHORITY/host` */
  want(wanted: string): void {
    const host = calledName(wanted)
    if (this.#targets.has(host)) return
    const { timeoutMs, listenerName, changed } = this.#options
    this.#targets = new Map([...this.#targets, [host, listenerName(wanted)]])
    // calls wait: this timer keeps the process alive
    this.#later(host, timeoutMs, false, () => this.#expire(host))
    changed()
  }

  close(): void {
    for (const timer of this.#timers.values()) this.#options.clock.clearTimer(timer)
    this.#timers.clear()
  }

  #expire(host: string): void {
    const { isKnown, changed } = this.#options
    if (isKnown(host)) return
    this.#overdue = new Set([...this.#overdue, host])
    this.#later(host, forgetMs, true, () => this.#forget(host))
    changed()
  }

  #forget(host: string): void {
    const { isKnown, changed } = this.#options
    this.#overdue = new Set([...this.#overdue].filter((each) => each !== host))
    if (!isKnown(host)) this.#targets = new Map([...this.#targets].filter(([each]) => each !== host))
    changed()
  }

  #later(host: string, ms: number, background: boolean, over: () => void): void {
    const timer = this.#options.clock.setTimer(
      ms,
      () => {
        this.#timers.delete(host)
        over()
      },
      background,
    )
    this.#timers.set(host, timer)
  }
}

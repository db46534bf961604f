// The polls of one kind of resource: one question at a time, the next after a pause, or at once where other names are wanted.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import { DiscoveryResponse, type DiscoveryRequest } from '../generated/envoy/service/discovery/v3/discovery.ts'

export interface PollerWorld {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly pauseMs: () => number
  /** Undefined: nothing has changed. Rejects where there is no answer that counts. */
  readonly exchange: (request: DiscoveryRequest, signal: AbortSignal) => Promise<DiscoveryResponse | undefined>
  readonly answered: (response: DiscoveryResponse, next: () => void) => void
  readonly failed: (reason: string) => void
}

export class Poller {
  readonly #world: PollerWorld
  #request: DiscoveryRequest | undefined
  #timer: TimerHandle = undefined
  #outstanding: AbortController | undefined
  /** The question under way names others than are wanted now. */
  #outdated = false
  /** These names were not answered yet: a version would tell a server that compares nothing else that there is no news. */
  #fresh = true
  #closed = false
  /** The last question was answered, or the first one is still under way. */
  works = true

  constructor(world: PollerWorld) {
    this.#world = world
  }

  get active(): boolean {
    return this.#request !== undefined
  }

  /** What is to be asked from now on. No names after some: nothing. */
  ask(request: DiscoveryRequest): void {
    const before = this.#request?.resourceNames
    const same = before !== undefined && before.join('\n') === request.resourceNames.join('\n')
    this.#request = request
    if (same || this.#closed) return
    this.#fresh = true
    if (before !== undefined && before.length > 0 && request.resourceNames.length === 0) this.#stop()
    else if (this.#outstanding === undefined) this.#poll()
    else this.#outdated = true
  }

  close(): void {
    this.#closed = true
    this.#stop()
  }

  #stop(): void {
    this.#request = undefined
    this.#world.clock.clearTimer(this.#timer)
    this.#outstanding?.abort()
    this.#outstanding = undefined
  }

  #poll(): void {
    const { clock, timeoutMs, exchange, answered, failed } = this.#world
    const request = this.#request
    if (request === undefined) return
    clock.clearTimer(this.#timer)
    const outstanding = new AbortController()
    this.#outstanding = outstanding
    this.#outdated = false
    const timeout = clock.setTimer(
      timeoutMs,
      () => outstanding.abort(new Error(`no answer within ${timeoutMs / 1000} s`)),
      true,
    )
    const over = (then: () => void): void => {
      clock.clearTimer(timeout)
      if (this.#outstanding === outstanding) then()
    }
    exchange(this.#fresh ? { ...request, versionInfo: '' } : request, outstanding.signal).then(
      (response) =>
        over(() => {
          this.works = true
          this.#fresh = this.#outdated
          // a message of no kind: the server lives
          answered(response ?? DiscoveryResponse.fromPartial({}), () => this.#next(outstanding))
        }),
      (error: unknown) =>
        over(() => {
          this.works = false
          this.#next(outstanding)
          failed(error instanceof Error ? error.message : String(error))
        }),
    )
  }

  #next(done: AbortController): void {
    if (this.#outstanding !== done) return
    this.#outstanding = undefined
    if (this.#outdated) this.#poll()
    else this.#timer = this.#world.clock.setTimer(this.#world.pauseMs(), () => this.#poll(), true)
  }
}

// Two different hosts at random, the one that is expected to answer sooner: peak latency times requests in flight, over weight.
// Source: Finagle's p2cPeakEwma. Hosts that nobody has heard of get one request at a time.
import type { Clock } from '../base/clock.ts'
import { below, type Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

/** A host under way with its first request; more than any latency. */
const unknownMs = 1e9

export class PeakEwmaPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]
  readonly #decayMs: number
  readonly #clock: Pick<Clock, 'now'>

  constructor(hosts: readonly E[], decayMs: number, clock: Pick<Clock, 'now'>) {
    this.#hosts = hosts
    this.#decayMs = decayMs
    this.#clock = clock
  }

  pick(random: Random): E | undefined {
    const hosts = this.#hosts
    const count = hosts.length
    if (count < 2) return hosts[0]
    const one = below(random, count)
    const step = 1 + below(random, count - 1)
    const first = hosts[one]
    const second = hosts[(one + step) % count]
    if (first === undefined || second === undefined) return first
    const nowMs = this.#clock.now()
    return this.#cost(second, nowMs) < this.#cost(first, nowMs) ? second : first
  }

  peek(random: Random): E | undefined {
    return this.pick(random)
  }

  #cost(host: E, nowMs: number): number {
    const expectedMs = host.latency?.expectedMs(nowMs, this.#decayMs) ?? 0
    if (expectedMs === 0) return host.activeRequests === 0 ? 0 : unknownMs + host.activeRequests
    return (expectedMs * (host.activeRequests + 1)) / host.weight
  }
}

// A whole mesh on virtual time for tests of calls, with a check that nothing is left behind.
import { expect } from 'vitest'
import { VirtualClock, type TimerHandle } from '../base/clock.ts'
import type { EventLoop } from '../base/event-loop.ts'
import { SeededRandom } from '../base/random.ts'
import { testRegex } from '../base/regex.suite.ts'
import type { Resolver } from '../cluster/discovery.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { MeshConfig } from '../model/config.ts'
import type { RetryPolicy } from '../model/policy.ts'
import type { ForwardAction } from '../model/route.ts'
import { cluster, config, forward, host, retryPolicy, route } from '../model/config.suite.ts'
import { Mesh } from '../mesh/mesh.ts'
import type { ConfigSink, ConfigSource } from '../mesh/source.ts'
import { type CallWords, exchangeOf, type FakeExchange } from './fake-exchange.suite.ts'
import type { CallSettings } from './house.ts'
import type { CallRecord, MeshObserver } from './observer.ts'
import type { Surroundings } from './scope.ts'

/** Also knows which of its timers keep a process alive. */
class WatchedClock extends VirtualClock {
  readonly #foreground = new Set<TimerHandle>()

  override setTimer(delayMs: number, fire: () => void, background = false): TimerHandle {
    const timer = super.setTimer(delayMs, () => {
      this.#foreground.delete(timer)
      fire()
    })
    if (!background) this.#foreground.add(timer)
    return timer
  }

  override clearTimer(timer: TimerHandle): void {
    this.#foreground.delete(timer)
    super.clearTimer(timer)
  }

  get foregroundTimers(): number {
    return this.#foreground.size
  }
}

/** Gives the configurations that a test hands it. */
export class GivenSource implements ConfigSource {
  closed = 0
  readonly wanted: string[] = []
  #sink: ConfigSink | undefined
  readonly #first: MeshConfig | undefined

  constructor(first?: MeshConfig) {
    this.#first = first
  }

  get sink(): ConfigSink {
    if (this.#sink === undefined) throw new Error('the source was not started')
    return this.#sink
  }

  start(sink: ConfigSink): void {
    this.#sink = sink
    if (this.#first !== undefined) sink.config(this.#first)
  }

  want(host: string): void {
    this.wanted.push(host)
  }

  remark: (cluster: string) => string | undefined = () => undefined

  close(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

export interface WorldOptions {
  readonly settings?: Partial<CallSettings>
  readonly seed?: number
  readonly observer?: MeshObserver
  readonly resolver?: Resolver
  readonly eventLoop?: EventLoop
  readonly surroundings?: Surroundings
}

export class World {
  readonly clock = new WatchedClock()
  readonly source: GivenSource
  readonly mesh: Mesh
  readonly records: CallRecord[] = []

  constructor(first: MeshConfig | undefined, options: WorldOptions = {}) {
    const { settings, seed = 1, observer, resolver, eventLoop, surroundings } = options
    this.source = new GivenSource(first)
    this.mesh = new Mesh({
      source: this.source,
      clock: this.clock,
      random: new SeededRandom(seed),
      regex: testRegex,
      ...(eventLoop === undefined ? {} : { eventLoop }),
      ...(surroundings === undefined ? {} : { surroundings }),
      resolver: resolver ?? { resolve: () => Promise.reject(new Error('no resolver')) },
      settings: { trustRequestHeaders: false, requestId: undefined, attemptCount: true, faults: true, ...settings },
      observer: { ...observer, callEnded: (record) => void this.records.push(record) },
    })
    worlds.push(this)
  }

  call(url: string, words?: CallWords): FakeExchange {
    const exchange = exchangeOf(this.clock, url, words)
    this.mesh.call(exchange)
    return exchange
  }

  async apply(next: MeshConfig): Promise<void> {
    this.source.sink.config(next)
    await Promise.resolve()
  }

  endpoint(clusterName: string, key: string): Endpoint {
    const found = [...(this.mesh.cluster(clusterName)?.endpoints() ?? [])].find((each) => each.key === key)
    if (found === undefined) throw new Error(`${clusterName} has no endpoint ${key}`)
    return found
  }

  /** The last call's record. */
  get record(): CallRecord {
    const last = this.records.at(-1)
    if (last === undefined) throw new Error('no call has ended')
    return last
  }
}

const worlds: World[] = []

export async function worldOf(first: MeshConfig, options?: WorldOptions): Promise<World> {
  const world = new World(first, options)
  await world.mesh.ready()
  return world
}

/** A mesh with one route of the host `a` to the cluster `c` of three endpoints. */
export function simple(action: Partial<ForwardAction> = {}, options?: WorldOptions): Promise<World> {
  const c = cluster('c', ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  return worldOf(config([host(['a'], [route(forward('c', action))])], [c]), options)
}

export function retries(more: Partial<RetryPolicy>): { retry: RetryPolicy } {
  return { retry: { ...retryPolicy, ...more } }
}

/** For afterEach: no timer, no place in a limit and no active request outlives the calls of a test. */
export async function expectNothingLeft(): Promise<void> {
  for (const { mesh, clock } of worlds.splice(0)) {
    expect(clock.foregroundTimers, 'timers that keep the process alive').toBe(0)
    for (const status of mesh.status().clusters) {
      const now = Object.values(status.limits).map((limit) => limit.now)
      expect(now, `connections, pending, requests, retries of ${status.name}`).toEqual([0, 0, 0, 0])
      const active = status.endpoints.filter(({ activeRequests }) => activeRequests !== 0)
      expect(active, `busy endpoints of ${status.name}`).toEqual([])
    }
    await mesh.close()
    expect(clock.pendingTimers, 'timers after close').toBe(0)
  }
}

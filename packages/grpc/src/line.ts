// One connection: a grpc-js channel to one endpoint, seen as a connection that opens once and is gone once.
// A channel that leaves READY is closed and never used again.
import { type Channel, connectivityState, status as codes } from '@grpc/grpc-js'
import type { AddressRace, Clock } from '@proxyless/core/spi'
import type { CallStream } from './call-stream.ts'
import { type Dial, dialFirst, type Means } from './dial.ts'
import { ConnectFailed } from './failure.ts'

export interface LineWay {
  /** Of its lane. */
  readonly key: string
  /** Of the call that it was opened for. */
  readonly authority: string
}

export interface LineEvents {
  ready(line: Line): void
  /** It never became ready. */
  failed(line: Line, cause: unknown): void
  /** It was ready, and takes no more calls; those under way go on as long as they can. */
  gone(line: Line): void
}

/** An attempt on a line. */
export interface LineJob {
  readonly stream: CallStream | undefined
  /** Among those on its line. */
  place: number
}

/** Who wants to know how a line is. */
export interface LineWatcher {
  changed(line: Line): void
  /** There is none, and none could be opened. */
  notConnected(): void
}

export class Line {
  readonly lane: string
  readonly authority: string
  readonly openedAtMs: number
  served = 0
  /** What goes on beside its calls, while it is ready. */
  companion: { stop(): void } | undefined
  state: 'connecting' | 'ready' | 'failed' | 'closed' = 'connecting'
  readonly #events: LineEvents
  readonly #watchers = new Set<LineWatcher>()
  /** Under way on it. No Set: the tables that it leaves behind hold what was in them until old garbage is collected. */
  readonly #jobs: LineJob[] = []
  #race: AddressRace<Dial> | undefined
  #dial: Dial | undefined
  #stopTimer: () => void = () => undefined

  constructor({ key, authority }: LineWay, openedAtMs: number, events: LineEvents) {
    this.lane = key
    this.authority = authority
    this.openedAtMs = openedAtMs
    this.#events = events
  }

  /** One that is not ready after so long has failed; until then it keeps the process alive, which grpc-js does only with calls. */
  open(means: Means, clock: Clock, timeoutMs: number): void {
    const late = (): void => this.#failed(new ConnectFailed('ETIMEDOUT: not connected in time'))
    const timer = clock.setTimer(timeoutMs, late, false)
    this.#stopTimer = () => clock.clearTimer(timer)
    this.#race = dialFirst(means, clock, {
      connected: (dial) => this.#ready(dial),
      failed: (cause) => this.#failed(cause),
    })
    this.#race.start()
  }

  /** @throws Error when it was closed, or is not ready yet */
  createCall(method: string, authority: string): CallStream {
    if (this.#dial === undefined) throw new Error('not connected')
    return this.#dial.channel.createCall(method, Infinity, authority, null, null)
  }

  /** How many calls are under way on it. */
  get active(): number {
    return this.#jobs.length
  }

  take(job: LineJob): void {
    job.place = this.#jobs.length
    this.#jobs.push(job)
    this.served++
  }

  leave(job: LineJob): void {
    const last = this.#jobs.pop()
    if (last === undefined || last === job) return
    last.place = job.place
    this.#jobs[job.place] = last
  }

  watch(watcher: LineWatcher): void {
    if (this.#watchers.has(watcher)) return
    this.#watchers.add(watcher)
    watcher.changed(this)
  }

  unwatch(watcher: LineWatcher): void {
    this.#watchers.delete(watcher)
  }

  /** Takes no more calls; those under way go on. */
  close(): void {
    if (this.state === 'closed') return
    this.#become('closed')
    this.companion?.stop()
    if (this.#dial === undefined) this.#race?.abandon()
    else this.#dial.channel.close()
  }

  /** At once: what is under way breaks off. */
  destroy(): void {
    this.close()
    for (const { stream } of this.#jobs) stream?.cancelWithStatus(codes.UNAVAILABLE, 'Connection dropped')
    this.#dial?.drop()
  }

  /** While it is ready. */
  get channelz(): ReturnType<Channel['getChannelzRef']> | undefined {
    return this.#dial?.channel.getChannelzRef()
  }

  #ready(dial: Dial): void {
    this.#dial = dial
    this.#become('ready')
    dial.channel.watchConnectivityState(connectivityState.READY, Infinity, () => {
      if (this.state !== 'ready') return
      this.close()
      this.#events.gone(this)
    })
    this.#events.ready(this)
  }

  #failed(cause: unknown): void {
    if (this.state !== 'connecting') return
    this.#become('failed')
    this.close()
    this.#events.failed(this, cause)
  }

  #become(state: Line['state']): void {
    this.state = state
    this.#stopTimer()
    for (const watcher of this.#watchers) watcher.changed(this)
  }
}

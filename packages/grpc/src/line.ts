// One connection: a grpc-js channel to one address, seen as a connection that opens once and is gone once.
// grpc-js would reconnect and back off by itself; here a channel that leaves READY is closed and never used again.
import {
  Channel,
  type ChannelCredentials,
  type ChannelOptions,
  connectivityState,
  Metadata,
  status as codes,
} from '@grpc/grpc-js'
import type { Clock } from '@proxyless/core/spi'
import type { CallStream } from './call-stream.ts'
import { ConnectFailed } from './failure.ts'
import { held, type HeldCredentials } from './held-credentials.ts'
import { unmeshedOption } from './unmeshed-option.ts'

export interface LineEvents {
  ready(line: Line): void
  /** It never became ready. */
  failed(line: Line, cause: Error): void
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
}

export class Line {
  readonly lane: string
  readonly openedAtMs: number
  served = 0
  state: 'connecting' | 'ready' | 'failed' | 'closed' = 'connecting'
  readonly #channel: Channel
  readonly #held: HeldCredentials | undefined
  readonly #events: LineEvents
  readonly #watchers = new Set<LineWatcher>()
  /** Under way on it. No Set: the tables that it leaves behind hold what was in them until old garbage is collected. */
  readonly #jobs: LineJob[] = []
  #stopTimer: () => void = () => undefined

  /** @param target as grpc-js has it: `ipv4:10.0.0.1:80`, `unix:/path` */
  constructor(
    lane: string,
    target: string,
    credentials: ChannelCredentials,
    options: ChannelOptions,
    openedAtMs: number,
    events: LineEvents,
  ) {
    this.lane = lane
    this.openedAtMs = openedAtMs
    this.#events = events
    this.#held = held(credentials)
    this.#channel = new Channel(target, this.#held ?? credentials, { ...options, [unmeshedOption]: 1 })
  }

  /** One that is not ready after so long has failed; until then it keeps the process alive, which grpc-js does only with calls. */
  open(clock: Clock, timeoutMs: number): void {
    const late = (): void => this.#failed(new ConnectFailed('ETIMEDOUT: not connected in time'))
    const timer = clock.setTimer(timeoutMs, late, false)
    this.#stopTimer = () => clock.clearTimer(timer)
    this.#channel.getConnectivityState(true)
    this.#step()
  }

  /** @throws Error when it was closed */
  createCall(method: string, authority: string): CallStream {
    return this.#channel.createCall(method, Infinity, authority, null, null)
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
    if (this.state !== 'ready') this.#held?.drop()
    this.#become('closed')
    this.#channel.close()
  }

  /** At once: what is under way breaks off. */
  destroy(): void {
    this.close()
    for (const { stream } of this.#jobs) stream?.cancelWithStatus(codes.UNAVAILABLE, 'Connection dropped')
    this.#held?.drop()
  }

  get channelz(): ReturnType<Channel['getChannelzRef']> {
    return this.#channel.getChannelzRef()
  }

  #step(): void {
    const state = this.#channel.getConnectivityState(false)
    if (state === connectivityState.READY) return this.#ready()
    if (state === connectivityState.TRANSIENT_FAILURE) return this.#askWhy()
    this.#channel.watchConnectivityState(state, Infinity, () => {
      if (this.state === 'connecting') this.#step()
    })
  }

  #ready(): void {
    this.#become('ready')
    this.#channel.watchConnectivityState(connectivityState.READY, Infinity, () => {
      if (this.state !== 'ready') return
      this.close()
      this.#events.gone(this)
    })
    this.#events.ready(this)
  }

  /** A channel tells its state but not the reason; a call that it refuses does. Nothing is sent. */
  #askWhy(): void {
    const call = this.#channel.createCall('/', Infinity, null, null, null)
    call.start(new Metadata(), {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: () => undefined,
      onReceiveStatus: ({ details }) => this.#failed(new ConnectFailed(reasonIn(details))),
    })
  }

  #failed(cause: Error): void {
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

/** `No connection established. Last error: Error: connect ECONNREFUSED ... Resolution note: ` -> what lies between. */
function reasonIn(details: string): string {
  const [, reason = details] = /Last error: (?:Error: )?(.*?)(?:\.? Resolution note:.*)?$/s.exec(details) ?? []
  return reason
}

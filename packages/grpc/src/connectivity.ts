// The connectivity state of a mesh channel: what its client may read off the connections that its calls use.
import { connectivityState } from '@grpc/grpc-js'
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import type { Line, LineWatcher } from './line.ts'

interface Watch {
  readonly from: connectivityState
  readonly tell: (error?: Error) => void
  timer: TimerHandle
}

export class Connectivity implements LineWatcher {
  readonly #clock: Clock
  readonly #lines = new Set<Line>()
  #watches: Watch[] = []
  #failed = false
  #state: connectivityState = connectivityState.IDLE

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** READY while a connection is open; TRANSIENT_FAILURE when the last could not be made; IDLE when there is none. */
  get state(): connectivityState {
    return this.#state
  }

  changed(line: Line): void {
    if (this.#state === connectivityState.SHUTDOWN) return
    if (line.state === 'ready' || line.state === 'connecting') this.#lines.add(line)
    else this.#lines.delete(line)
    if (line.state === 'ready') this.#failed = false
    else if (line.state === 'failed') this.#failed = true
    this.#become(this.#now())
  }

  /** Begins to connect, as far as anybody can tell: the configuration may still be awaited. */
  connecting(): void {
    if (this.#state === connectivityState.IDLE) this.#become(connectivityState.CONNECTING)
  }

  /** Nothing came of it. */
  notConnected(): void {
    this.#failed = true
    this.#become(this.#now())
  }

  watch(from: connectivityState, deadline: Date | number, tell: (error?: Error) => void): void {
    if (this.#state === connectivityState.SHUTDOWN) throw new Error('Channel has been shut down')
    if (from !== this.#state) return process.nextTick(tell)
    const watch: Watch = { from, tell, timer: undefined }
    const leftMs = Number(deadline) - this.#clock.wallNow()
    if (leftMs < 2 ** 31) {
      watch.timer = this.#clock.setTimer(
        Math.max(0, leftMs),
        () => {
          this.#watches = this.#watches.filter((each) => each !== watch)
          tell(new Error('Deadline passed without connectivity state change'))
        },
        true,
      )
    }
    this.#watches.push(watch)
  }

  close(): void {
    for (const line of this.#lines) line.unwatch(this)
    this.#lines.clear()
    this.#become(connectivityState.SHUTDOWN)
  }

  /** Open or opening. */
  get lines(): Iterable<Line> {
    return this.#lines
  }

  #now(): connectivityState {
    for (const line of this.#lines) if (line.state === 'ready') return connectivityState.READY
    if (this.#lines.size > 0) return connectivityState.CONNECTING
    return this.#failed ? connectivityState.TRANSIENT_FAILURE : connectivityState.IDLE
  }

  #become(state: connectivityState): void {
    if (this.#state === state) return
    this.#state = state
    const due = this.#watches
    this.#watches = []
    for (const { timer, tell } of due) {
      if (timer !== undefined) this.#clock.clearTimer(timer)
      tell()
    }
  }
}

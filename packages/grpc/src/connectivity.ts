// The connectivity state of a mesh channel: what its client may read off the connections that its calls use.
import { connectivityState } from '@grpc/grpc-js'
import { Backoff, type Mesh, type TimerHandle } from '@proxyless/core/spi'
import type { Line, LineWatcher } from './line.ts'

interface Watch {
  readonly from: connectivityState
  readonly tell: (error?: Error) => void
  timer: TimerHandle
}

export class Connectivity implements LineWatcher {
  readonly #mesh: Pick<Mesh, 'clock' | 'random' | 'closed'>
  readonly #backoff: Backoff
  readonly #connect: () => void
  readonly #lines = new Set<Line>()
  #watches: Watch[] = []
  #failed = false
  #state: connectivityState = connectivityState.IDLE
  /** To connect again. */
  #again: TimerHandle

  /** @param connect begins to, or says that it is not connected */
  constructor(mesh: Pick<Mesh, 'clock' | 'random' | 'closed'>, connect: () => void) {
    this.#mesh = mesh
    this.#backoff = new Backoff(mesh.random)
    this.#connect = connect
  }

  /** READY while a connection is open; TRANSIENT_FAILURE when the last could not be made; IDLE when there is none. */
  get state(): connectivityState {
    return this.#state
  }

  changed(line: Line): void {
    if (this.#state === connectivityState.SHUTDOWN) return
    if (line.state === 'ready' || line.state === 'connecting') this.#lines.add(line)
    else if (this.#lines.delete(line)) this.#failed = line.state === 'failed'
    if (line.state === 'ready') this.#backoff.reset()
    this.#become(this.#now())
  }

  /** Somebody wants a connection: now where there was none, after a while where none could be made. */
  wanted(): void {
    if (this.#mesh.closed) return
    if (this.#state === connectivityState.TRANSIENT_FAILURE) {
      this.#again ??= this.#mesh.clock.setTimer(this.#backoff.nextMs(), () => this.#begin(), true)
    } else if (this.#state === connectivityState.IDLE) this.#begin()
  }

  notConnected(): void {
    if (this.#state === connectivityState.SHUTDOWN) return
    this.#failed = true
    this.#become(this.#now())
  }

  watch(from: connectivityState, deadline: Date | number, tell: (error?: Error) => void): void {
    if (this.#state === connectivityState.SHUTDOWN) throw new Error('Channel has been shut down')
    if (from !== this.#state) return process.nextTick(tell)
    if (from === connectivityState.TRANSIENT_FAILURE) this.wanted()
    const watch: Watch = { from, tell, timer: undefined }
    const leftMs = Number(deadline) - this.#mesh.clock.wallNow()
    if (leftMs < 2 ** 31) {
      watch.timer = this.#mesh.clock.setTimer(
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

  /** As far as anybody can tell: the configuration may still be awaited. */
  #begin(): void {
    this.#become(connectivityState.CONNECTING)
    this.#connect()
  }

  #now(): connectivityState {
    for (const line of this.#lines) if (line.state === 'ready') return connectivityState.READY
    if (this.#lines.size > 0) return connectivityState.CONNECTING
    return this.#failed ? connectivityState.TRANSIENT_FAILURE : connectivityState.IDLE
  }

  #become(state: connectivityState): void {
    if (this.#state === state) return
    this.#state = state
    this.#mesh.clock.clearTimer(this.#again)
    this.#again = undefined
    const due = this.#watches
    this.#watches = []
    for (const { timer, tell } of due) {
      if (timer !== undefined) this.#mesh.clock.clearTimer(timer)
      tell()
    }
  }
}

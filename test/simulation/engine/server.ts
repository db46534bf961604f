// One simulated instance of a service: so many workers, a queue before them, and whatever a scenario does to it.
// It does not notice that a caller has gone: what it has taken in, it works off.
import type { Clock, Failure, Random } from '@proxyless/core/spi'
import { type Draw, unit } from './distributions.ts'

/** A request as a server sees it. */
export interface Job {
  /** What it asks for; for servers that keep something. */
  readonly key: number
  answered(status: number): void
  broken(failure: Failure): void
}

export type Health =
  | 'up'
  /** Nobody listens: connections are refused. */
  | 'down'
  /** Takes requests and never answers. */
  | 'stuck'
  /** Answers at once with an error. */
  | 'failing'

export interface ServerOptions {
  readonly workers: number
  readonly serviceMs: Draw
  /** A longer queue is refused with 503, which costs the worker that many milliseconds. */
  readonly queue?: number
  readonly refusalMs?: number
  /** Answers the request itself instead of a plain 200 after its service time. */
  readonly handle?: (job: Job, done: (status: number) => void) => void
}

export class Server {
  readonly options: ServerOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #queue: (() => void)[] = []
  readonly #open = new Set<Job>()
  #busy = 0
  health: Health = 'up'
  /** Service times are multiplied by it. */
  slowness = 1
  /** This share (0..1) of what is served is answered with 503 in the end. */
  errors = 0
  /** Since the last load report: answers, and how long workers were busy. */
  #answers = 0
  #busyMs = 0
  #reportedAtMs = 0
  #report = ''
  /** Requests that came in. */
  received = 0

  constructor(options: ServerOptions, clock: Clock, random: Random) {
    this.options = options
    this.#clock = clock
    this.#random = random
  }

  receive(job: Job): void {
    if (this.health === 'down') return job.broken('connectFailure')
    this.received++
    this.#open.add(job)
    if (this.health === 'stuck') return
    if (this.health === 'failing') return this.#work(job, () => this.#after(1, () => this.#answer(job, 503)))
    if (this.#queue.length >= (this.options.queue ?? Infinity)) {
      const { refusalMs = 0 } = this.options
      return this.#work(job, () => this.#after(refusalMs, () => this.#answer(job, 503)), true)
    }
    this.#work(job, () => this.#serve(job))
  }

  /** Connections break; what was in work is lost. */
  crash(): void {
    this.health = 'down'
    this.#queue.length = 0
    this.#busy = 0
    for (const job of this.#open) {
      this.#open.delete(job)
      job.broken('connectionTermination')
    }
  }

  /** As `endpoint-load-metrics` has it; made once a second. Empty: there is nothing to tell yet. */
  get loadReport(): string {
    const now = this.#clock.now()
    if (now - this.#reportedAtMs < 1_000) return this.#report
    const seconds = (now - this.#reportedAtMs) / 1_000
    const utilization = this.#busyMs / (now - this.#reportedAtMs) / this.options.workers
    this.#report = `TEXT application_utilization=${utilization.toFixed(3)}, rps_fractional=${(this.#answers / seconds).toFixed(1)}`
    this.#reportedAtMs = now
    this.#answers = 0
    this.#busyMs = 0
    return this.#report
  }

  #serve(job: Job): void {
    const { serviceMs, handle } = this.options
    const tookMs = serviceMs(this.#random, job.key) * this.slowness
    this.#busyMs += tookMs
    this.#after(tookMs, () => {
      if (handle === undefined)
        return this.#answer(job, this.errors > 0 && unit(this.#random) <= this.errors ? 503 : 200)
      if (!this.#open.has(job)) return
      // it waits for others: the worker is free meanwhile
      this.#free()
      handle(job, (status) => {
        if (this.#open.delete(job)) job.answered(status)
      })
    })
  }

  #answer(job: Job, status: number): void {
    if (!this.#open.delete(job)) return
    this.#free()
    this.#answers++
    job.answered(status)
  }

  /** As soon as a worker is free; refusals go before the queue. */
  #work(job: Job, deed: () => void, first = false): void {
    const start = (): void => {
      if (!this.#open.has(job)) return
      this.#busy++
      deed()
    }
    if (this.#busy < this.options.workers) start()
    else if (first) this.#queue.unshift(start)
    else this.#queue.push(start)
  }

  #free(): void {
    this.#busy--
    this.#queue.shift()?.()
  }

  #after(ms: number, deed: () => void): void {
    this.#clock.setTimer(ms, deed, true)
  }
}

// The messages of a request: each attempt reads them from the beginning, one in flight at a time.
// Kept for another attempt up to a limit; once an answer is committed each goes as soon as it is sent.
import type { MessageContext } from './call-stream.ts'

export interface Message {
  readonly bytes: Buffer
  readonly flags: number | undefined
  /** The application may write the next. */
  written: (() => void) | undefined
}

/** Bytes kept by all calls of one channel. */
export interface ReplayBudget {
  /** Of one call, and of all together. */
  readonly perCall: number
  readonly total: number
  used: number
}

export class RequestMessages {
  readonly #budget: ReplayBudget
  #kept: Message[] = []
  /** Messages before `#kept[0]`. */
  #dropped = 0
  #bytes = 0
  #keeps = true
  ended = false
  /** Of all messages so far. */
  totalBytes = 0

  constructor(budget: ReplayBudget) {
    this.#budget = budget
  }

  /** Nothing of it is gone: an attempt that the server has not seen does not count. */
  get intact(): boolean {
    return this.#dropped === 0
  }

  /** It is kept for another attempt. */
  get replayable(): boolean {
    return this.intact && this.#keeps
  }

  /** How many there have been so far. */
  get count(): number {
    return this.#dropped + this.#kept.length
  }

  push(context: MessageContext, bytes: Buffer): void {
    const message = { bytes, flags: context.flags, written: context.callback }
    // most calls have one message: a list that grows makes room for 17
    if (this.#kept.length === 0) this.#kept = [message]
    else this.#kept.push(message)
    this.totalBytes += bytes.length
    if (!this.#keeps) return
    this.#bytes += bytes.length
    this.#budget.used += bytes.length
    if (this.#bytes > this.#budget.perCall || this.#budget.used > this.#budget.total) this.stopKeeping()
  }

  at(position: number): Message | undefined {
    return this.#kept[position - this.#dropped]
  }

  /** Nobody will read from the beginning any more. */
  stopKeeping(): void {
    if (!this.#keeps) return
    this.#keeps = false
    this.#budget.used -= this.#bytes
    this.#bytes = 0
  }

  /** The attempt that is left to read has sent all before `position`. */
  sentUntil(position: number): void {
    if (this.#keeps || position <= this.#dropped) return
    const count = position - this.#dropped
    // mostly all of them: splice would make a list of what it takes out
    if (count === this.#kept.length) this.#kept.length = 0
    else this.#kept.splice(0, count)
    this.#dropped = position
  }

  /** All of them once the request has ended, for copies; undefined when some are gone. */
  get whole(): readonly Message[] | undefined {
    return this.ended && this.#dropped === 0 ? this.#kept : undefined
  }

  /** The call is over: whoever waits to write need not wait any more. */
  release(): void {
    this.stopKeeping()
    for (const message of this.#kept) written(message)
    this.#dropped += this.#kept.length
    this.#kept.length = 0
  }
}

/** Told once, by whichever attempt is first. */
export function written(message: Message): void {
  const tell = message.written
  message.written = undefined
  tell?.()
}

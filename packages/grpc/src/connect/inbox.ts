// Messages of a call that have come and were not taken. They are read from the beginning on, as grpc-js forgets what is unread
// when a call fails.
import type { ClientReadableStream } from '@grpc/grpc-js'

/** More are left with the server. */
const most = 16

export class Inbox {
  readonly #call: ClientReadableStream<Buffer>
  readonly #messages: Buffer[] = []
  #ended = false
  #wake: () => void = () => undefined

  constructor(call: ClientReadableStream<Buffer>) {
    this.#call = call
    call.on('data', (message: Buffer) => {
      this.#messages.push(message)
      if (this.#messages.length >= most) call.pause()
      this.#wake()
    })
    call.on('end', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Undefined: there are no more. */
  async next(): Promise<Buffer | undefined> {
    while (this.#messages.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve))
    const message = this.#messages.shift()
    if (this.#call.isPaused() && this.#messages.length < most) this.#call.resume()
    return message
  }
}

// What grpc-js holds of an attempt while its stream lives. Node keeps streams until garbage is collected, and grpc-js with them
// all that listens; so at the end of an attempt this lets go of it, and the whole call can be forgotten young.
import type { Metadata, StatusObject } from '@grpc/grpc-js'
import type { CallListener, MessageContext } from './call-stream.ts'

/** An attempt as its stream sees it. */
export interface Hearing {
  onReceiveMetadata(metadata: Metadata): void
  onReceiveMessage(message: Buffer): void
  onReceiveStatus(status: StatusObject): void
  /** The message that was sent last is on the wire. */
  onWritten(): void
}

export class Hearer implements CallListener, MessageContext {
  readonly callback: () => void
  #attempt: Hearing | undefined

  constructor(attempt: Hearing) {
    this.#attempt = attempt
    this.callback = () => this.#attempt?.onWritten()
  }

  contextOf(flags: number | undefined): MessageContext {
    return flags === undefined ? this : { callback: this.callback, flags }
  }

  drop(): void {
    this.#attempt = undefined
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#attempt?.onReceiveMetadata(metadata)
  }

  onReceiveMessage(message: Buffer): void {
    this.#attempt?.onReceiveMessage(message)
  }

  onReceiveStatus(status: StatusObject): void {
    this.#attempt?.onReceiveStatus(status)
  }
}

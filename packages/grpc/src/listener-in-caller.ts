// What a call's listener does, it does where the call was started: events of a shared connection come from wherever it was opened.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Metadata, StatusObject } from '@grpc/grpc-js'
import type { CallListener } from './call-stream.ts'

export class ListenerInCaller implements CallListener {
  readonly #listener: CallListener
  /** Runs code where the call was started. */
  readonly run: <T>(next: () => T) => T = AsyncLocalStorage.snapshot()

  constructor(listener: CallListener) {
    this.#listener = listener
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.run(() => this.#listener.onReceiveMetadata(metadata))
  }

  onReceiveMessage(message: Buffer): void {
    this.run(() => this.#listener.onReceiveMessage(message))
  }

  onReceiveStatus(status: StatusObject): void {
    this.run(() => this.#listener.onReceiveStatus(status))
  }
}

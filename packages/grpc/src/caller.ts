// Who made a gRPC call, as its exchange sees it: what it brought, and how it hears the answer.
import type { CallCredentials, Metadata, MetadataOptions, StatusObject } from '@grpc/grpc-js'
import type { LocalReply } from '@proxyless/core/spi'
import type { Lane } from './lane.ts'
import type { LineWatcher } from './line.ts'

export interface Caller {
  readonly lane: Lane
  readonly watcher: LineWatcher
  readonly credentials: CallCredentials | undefined
  readonly options: MetadataOptions
  /** What is left until its own deadline as a `grpc-timeout`, now and when the call began; undefined: it has none. */
  readonly timeout: string | undefined
  readonly firstTimeout: string | undefined
  head(metadata: Metadata): void
  /** True: it wants the next at once. */
  message(message: Buffer): boolean
  /** The answer has ended. */
  end(status: StatusObject): void
  /** The mesh answers itself. */
  refused(status: StatusObject, reply: LocalReply): void
}

/** Who reads the answer to a copy of a call: nobody, to its end. */
export class Nobody implements Caller {
  readonly lane: Lane
  readonly watcher: LineWatcher
  readonly credentials: CallCredentials | undefined
  readonly options: MetadataOptions
  readonly timeout = undefined
  readonly firstTimeout = undefined

  constructor({ lane, watcher, credentials, options }: Caller) {
    this.lane = lane
    this.watcher = watcher
    this.credentials = credentials
    this.options = options
  }

  head(): void {
    // the answer to a copy is thrown away
  }

  message(): boolean {
    return true
  }

  end(): void {
    // and so is its end
  }

  refused(): void {
    // also where there is none
  }
}

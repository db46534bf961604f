// What the client asks of a connection: one stream at a time, messages as bytes. Contract only.
// Implementations: grpc-transport, and a scripted server in tests.

export interface AdsTransport {
  /** For people: where it connects to. */
  readonly server: string
  /** Starts to connect; the events tell what became of it. One stream at a time. */
  open(method: string, events: StreamEvents): AdsStream
  /** Lets go of all that is left of the last stream. */
  close(): void
}

export interface StreamEvents {
  /** Connected: from now on requests are sent. */
  opened(): void
  /** The next message is not read before `next` is called. */
  message(bytes: Uint8Array, next: () => void): void
  /** The last event, also of a stream that never opened. */
  ended(reason: string): void
}

export interface AdsStream {
  send(bytes: Uint8Array): void
  /** Ends the stream from this side; no event follows. */
  close(): void
}

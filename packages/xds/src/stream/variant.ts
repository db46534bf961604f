// What the two variants of the protocol (state of the world, delta) have in common for the client. Contract only.
// A variant makes and reads messages and remembers what was said on the stream; it knows no socket and no time.
import type { StreamKind } from './kinds.ts'
import type { ResourceError } from './resource-errors.ts'

export interface Variant {
  /** Path of the gRPC method. */
  readonly method: string
  /** A response of listeners or clusters is all there are. */
  readonly completes: boolean
  /** A new stream: nonces and subscriptions of the one before are void, accepted versions are not. */
  opened(): void
  /** The request that tells the server what is wanted now; undefined when it knows. */
  request(kind: StreamKind, wanted: ReadonlySet<string>, known: KnownVersions): Uint8Array | undefined
  /** @throws when the bytes are no response. */
  read(bytes: Uint8Array): Incoming
  /** ACK; with an error NACK. */
  answer(kind: StreamKind, incoming: Incoming, wanted: ReadonlySet<string>, error: string | undefined): Uint8Array
}

/** Version of each resource that the client holds. */
export type KnownVersions = () => ReadonlyMap<string, string>

export interface Incoming {
  readonly typeUrl: string
  readonly kind: StreamKind | undefined
  readonly nonce: string
  readonly version: string
  /** To be read once: each is decoded when its turn comes. */
  readonly resources: Iterable<WireResource>
  readonly removed: readonly string[]
  readonly errors: readonly ResourceError[]
}

export interface WireResource {
  /** Of the wrapper; undefined where there is none, or it has no name. */
  readonly name: string | undefined
  /** Other names by which it was asked for. */
  readonly aliases: readonly string[]
  readonly version: string
  readonly ttlMs: number | undefined
  /** Undefined: a heartbeat that only refreshes the time to live. */
  readonly body: AnyBytes | undefined
}

export interface AnyBytes {
  readonly typeUrl: string
  readonly value: Uint8Array
}

// What the two variants of the protocol (state of the world, delta) have in common for the server. Contract only.
import type { ClientNode, Kind } from '@proxyless/xds'
import type { ResourceSet } from './resource-set.ts'
import type { Manner, Telling, Watch } from './watch.ts'

export type VariantName = 'sotw' | 'delta'

export interface Variant {
  readonly name: VariantName
  /** Path of the gRPC method. */
  readonly method: string
  manner(kind: Kind): Manner
  /** @throws when the bytes are no request */
  read(bytes: Uint8Array): Request
  write(kind: Kind, telling: Telling, nonce: string): Uint8Array
}

export interface Request {
  readonly node: ClientNode | undefined
  readonly typeUrl: string
  readonly kind: Kind | undefined
  /** Of the response that it answers; empty: it answers none. */
  readonly nonce: string
  /** Of a NACK. */
  readonly error: string | undefined
  /** Names that are asked for, as far as the message tells; for whoever has to guess what kind of client this is. */
  readonly names: readonly string[]
  /** Of a request that means nothing once another response is on its way: what is remembered of it. */
  readonly overtaken?: (watch: Watch) => void
  /** Brings what the client asked for up to date; `set` is what it is told of. */
  apply(watch: Watch, first: boolean, set: ResourceSet): void
}

// What a control plane hands out: a MeshConfig as xDS resources, in the words that one kind of client asks in.
import type { MeshConfig } from '@proxyless/core/spi'
import type { Kind } from '../stream/kinds.ts'
import { ApiRoutes } from './api-routes.ts'
import { ClusterShelf } from './cluster-shelf.ts'
import { Positions } from './positions.ts'
import { SidecarRoutes } from './sidecar-routes.ts'

/** One resource as it goes on the wire. */
export interface EncodedResource {
  readonly name: string
  /** A google.protobuf.Any, encoded. */
  readonly any: Uint8Array
  /** Changes when the bytes do: a hash of them. */
  readonly version: string
}

/**
 * All resources of one configuration, by kind and name. Those that did not change keep their identity.
 * Ask `get` for names: it also finds what cannot be listed (listeners of the api dialect for wildcard domains and any port).
 */
export type EncodedConfig = Readonly<Record<Kind, ReadonlyMap<string, EncodedResource>>>

/** Remembers what it encoded, by identity of the model's parts: only what changed costs. */
export interface Encoder {
  encode(config: MeshConfig): EncodedConfig
}

export interface EncoderOptions {
  /** `api`: an api_listener per `host:port`, as gRPC clients ask; `sidecar`: a listener with a socket per port, as Envoy asks. */
  readonly dialect: 'api' | 'sidecar'
  /** Where a sidecar's listeners listen. Default `127.0.0.1`. */
  readonly listenAddress?: string
  /**
   * Names the line of every document that set a value, for `explain` over xDS: all documents are parsed for it, and a line that
   * moved is a change. Default false: document, path and file only.
   */
  readonly positions?: boolean
}

export function createEncoder(options: EncoderOptions): Encoder {
  const { dialect, listenAddress = '127.0.0.1' } = options
  const positions = options.positions === true ? new Positions() : undefined
  const clusters = new ClusterShelf(dialect)
  const routes = dialect === 'api' ? new ApiRoutes() : new SidecarRoutes(listenAddress)
  return {
    encode: (given) => {
      const config = positions?.locate(given) ?? given
      return { ...clusters.encode(config.clusters.values()), ...routes.encode(config) }
    },
  }
}

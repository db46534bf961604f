// The HTTP door's side of the house: which pool carries an attempt. One per mesh.
import type { Attempt, Clock, Mesh } from '@proxyless/core/spi'
import { MeshError } from '@proxyless/core/spi'
import { EndpointPool } from './endpoint-pool.ts'
import { rawHeader, type RawHeaders } from './headers.ts'

export interface HttpTransportOptions {
  readonly mesh: Mesh
  readonly clock: Clock
  /** Bytes of a streamed request body that are kept for another attempt. Default 1 MiB, as Envoy's buffer limit. */
  readonly maxReplayBytes: number
  /** Local replies become MeshErrors instead of responses. */
  readonly throwsLocalReplies: boolean
}

export class HttpTransport {
  readonly mesh: Mesh
  readonly maxReplayBytes: number
  readonly throwsLocalReplies: boolean
  readonly #clock: Clock
  #headsToRead = 100
  readonly #proxies = new Set<string>()

  constructor(options: HttpTransportOptions) {
    this.mesh = options.mesh
    this.#clock = options.clock
    this.maxReplayBytes = options.maxReplayBytes
    this.throwsLocalReplies = options.throwsLocalReplies
  }

  /** True while the heads of responses are looked at for proxies: those of the first hundred. */
  get looking(): boolean {
    return this.#headsToRead > 0
  }

  look(raw: RawHeaders): void {
    this.#headsToRead--
    const server = rawHeader(raw, 'server')
    if (server === 'envoy')
      this.#proxies.add('responses say `server: envoy`, as those through a sidecar or a gateway do')
    if (rawHeader(raw, 'l5d-proxy-error') !== undefined)
      this.#proxies.add('responses carry `l5d-proxy-error`, as Linkerd adds it')
  }

  /** What the heads of responses have told of proxies in front, sentences. */
  get proxies(): readonly string[] {
    return [...this.#proxies]
  }

  /** The pool of an attempt's endpoint; made at its first use. */
  poolOf(attempt: Attempt): EndpointPool {
    const { endpoint, call } = attempt
    const known = endpoint.connections.get(this)
    if (known instanceof EndpointPool) return known
    const { cluster } = call
    if (cluster === undefined) throw new MeshError('NO_CLUSTER', 'an attempt without a cluster')
    const pool = new EndpointPool(cluster, endpoint, this.#clock, () => {
      if (cluster.forget(endpoint)) endpoint.connections.delete(this)
    })
    endpoint.connections.set(this, pool)
    return pool
  }
}

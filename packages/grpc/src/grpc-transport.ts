// The gRPC door's side of the house: which pool carries an attempt, and which lanes there are. One per mesh.
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js'
import { type Attempt, type LivingCluster, type LivingEndpoint, type Mesh, MeshError } from '@proxyless/core/spi'
import type { GrpcCopy } from './copy.ts'
import { EndpointPool } from './endpoint-pool.ts'
import { Lane, laneOptions } from './lane.ts'

const transports = new WeakMap<Mesh, GrpcTransport>()

export class GrpcTransport {
  readonly mesh: Mesh
  /** The status of a timeout of the mesh's own. */
  readonly timeoutStatus: number
  readonly #lanes: Lane[] = []

  private constructor(mesh: Mesh) {
    this.mesh = mesh
    this.timeoutStatus = mesh.settings.grpcTimeoutStatus ?? 4
  }

  static of(mesh: Mesh): GrpcTransport {
    let transport = transports.get(mesh)
    if (transport === undefined) {
      transport = new GrpcTransport(mesh)
      transports.set(mesh, transport)
    }
    return transport
  }

  /** The lane of a client: shared with those that are given the same. */
  laneOf(copy: GrpcCopy, credentials: ChannelCredentials, given: ChannelOptions): Lane {
    const options = laneOptions(given)
    let lane = this.#lanes.find((each) => each.isLike(credentials, options))
    if (lane === undefined) {
      lane = new Lane(copy, credentials, options, this.#lanes.length)
      this.#lanes.push(lane)
    }
    return lane
  }

  /** The pool of an attempt's endpoint; made at its first use. */
  poolOf({ endpoint, call }: Attempt): EndpointPool {
    const known = endpoint.connections.get(this)
    if (known instanceof EndpointPool) return known
    const { cluster } = call
    if (cluster === undefined) throw new MeshError('NO_CLUSTER', 'an attempt without a cluster')
    return this.poolAt(cluster, endpoint)
  }

  poolAt(cluster: LivingCluster, endpoint: LivingEndpoint): EndpointPool {
    const known = endpoint.connections.get(this)
    if (known instanceof EndpointPool) return known
    const pool = new EndpointPool(cluster, endpoint, this.mesh, () => {
      if (cluster.forget(endpoint)) endpoint.connections.delete(this)
    })
    endpoint.connections.set(this, pool)
    return pool
  }
}

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
  #lanesMade = 0

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

  /** The lane of a channel, until it gives it back: shared with those that are given the same. */
  laneOf(copy: GrpcCopy, credentials: ChannelCredentials, given: ChannelOptions): Lane {
    const options = laneOptions(given)
    let lane = this.#lanes.find((each) => each.isLike(credentials, options))
    if (lane === undefined) {
      lane = new Lane(copy, credentials, options, this.#lanesMade++)
      this.#lanes.push(lane)
    }
    lane.channels++
    return lane
  }

  /** Secured lanes go with their last channel: hardly ever are credentials like others. The rest cost little, and the next finds its connections. */
  giveBack(lane: Lane): void {
    lane.channels--
    if (!lane.secure || lane.channels > 0) return
    this.#lanes.splice(this.#lanes.indexOf(lane), 1)
    lane.left = true
    for (const pool of lane.pools) pool.leaveIdle()
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

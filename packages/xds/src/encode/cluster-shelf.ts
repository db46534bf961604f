// All clusters of a configuration with their assignments, remembered by the model's objects.
import type { Cluster } from '@proxyless/core/spi'
import { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import { hasAssignment, writeCluster } from './cluster.ts'
import type { EncodedResource, EncoderOptions } from './encoder.ts'
import { writeAssignment } from './endpoints.ts'
import { Shelf } from './shelf.ts'

export class ClusterShelf {
  readonly #dialect: EncoderOptions['dialect']
  readonly #clusters = new Shelf('cluster')
  readonly #assignments = new Shelf('endpoints')

  constructor(dialect: EncoderOptions['dialect']) {
    this.#dialect = dialect
  }

  encode(models: Iterable<Cluster>): {
    readonly cluster: ReadonlyMap<string, EncodedResource>
    readonly endpoints: ReadonlyMap<string, EncodedResource>
  } {
    const dialect = this.#dialect
    const cluster = new Map<string, EncodedResource>()
    const endpoints = new Map<string, EncodedResource>()
    this.#clusters.begin()
    this.#assignments.begin()
    for (const model of models) {
      const { name } = model
      cluster.set(
        name,
        this.#clusters.put(name, [model], () => writeCluster(model, dialect)),
      )
      if (hasAssignment(model, dialect)) endpoints.set(name, this.#assignmentOf(model))
    }
    return { cluster, endpoints }
  }

  /** A cluster that changed elsewhere keeps it. */
  #assignmentOf(model: Cluster): EncodedResource {
    const { name, discovery, localities, overprovisioningFactor, drops } = model
    const endpoints = 'endpoints' in discovery ? discovery.endpoints : none
    return this.#assignments.put(name, [endpoints, localities, overprovisioningFactor, drops], () =>
      ClusterLoadAssignment.encode(writeAssignment(model, endpoints, this.#dialect)).finish(),
    )
  }
}

const none: readonly never[] = []

// What a mesh tells of itself: metrics for Prometheus. Nothing of it is loaded or counted before it is asked for.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mesh as House } from '@proxyless/core/spi'
import { MeshMetrics, metricsHandler, type Source } from '@proxyless/otel/metrics'
import type { CreateMeshOptions } from '../options.ts'
import { MetricsServer } from './metrics-server.ts'

export class Telemetry {
  readonly #house: House
  readonly #source: Source
  #metrics: MeshMetrics | undefined
  #server: MetricsServer | undefined

  constructor(house: House, source: Source) {
    this.#house = house
    this.#source = source
  }

  async start({ metricsPort }: CreateMeshOptions): Promise<void> {
    if (metricsPort !== undefined) this.#server = await MetricsServer.listen(metricsPort, this.metricsHandler())
  }

  metricsHandler(): (request: IncomingMessage, response: ServerResponse) => void {
    this.#metrics ??= new MeshMetrics(this.#house, this.#source)
    return metricsHandler(this.#metrics)
  }

  get metricsUrl(): string | undefined {
    return this.#server?.url
  }

  close(): void {
    this.#server?.close()
    this.#server = undefined
  }
}

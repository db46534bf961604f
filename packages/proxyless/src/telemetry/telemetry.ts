// What a mesh tells of itself: an access log, metrics for Prometheus, spans and metrics for OpenTelemetry. Nothing of it is loaded or counted before it is asked for.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mesh as House } from '@proxyless/core/spi'
import type { FollowOptions } from '@proxyless/otel'
import { MeshMetrics, metricsHandler, type Source } from '@proxyless/otel/metrics'
import type { CreateMeshOptions } from '../options.ts'
import { accessLog } from './access-log.ts'
import { MetricsServer } from './metrics-server.ts'

export class Telemetry {
  readonly #house: House
  readonly #source: Source
  #metrics: MeshMetrics | undefined
  #server: MetricsServer | undefined
  #stopFollowing: (() => void) | undefined

  constructor(house: House, source: Source) {
    this.#house = house
    this.#source = source
  }

  async start({ accessLog: log, metricsPort, otel = true }: CreateMeshOptions): Promise<void> {
    if (log !== undefined) this.#house.observe(accessLog(log))
    if (otel !== false) await this.#follow(otel === true ? {} : otel)
    if (metricsPort !== undefined) this.#server = await MetricsServer.listen(metricsPort, this.metricsHandler())
  }

  /** Where the application has OpenTelemetry's API. */
  async #follow(options: FollowOptions): Promise<void> {
    const door = await import('@proxyless/otel').catch(ignoreMissing)
    const stability = process.env['OTEL_SEMCONV_STABILITY_OPT_IN']
    this.#stopFollowing = door?.followCalls(this.#house, () => this.#counted(), { stability, ...options })
  }

  #counted(): MeshMetrics {
    return (this.#metrics ??= new MeshMetrics(this.#house, this.#source))
  }

  metricsHandler(): (request: IncomingMessage, response: ServerResponse) => void {
    return metricsHandler(this.#counted())
  }

  get metricsUrl(): string | undefined {
    return this.#server?.url
  }

  close(): void {
    this.#stopFollowing?.()
    this.#server?.close()
    this.#server = undefined
  }
}

/** Without the API there is nobody to tell. */
function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
  throw error
}

// All that a mesh counts of itself, from when it is asked for first.
import type { CallRecord, MeshObserver } from '@proxyless/core'
import { type Mesh, type MetricFamily, metricsText } from '@proxyless/core/spi'
import { clusterFamilies } from './cluster-metrics.ts'
import { configFamilies } from './config-metrics.ts'
import { IstioMetrics } from './istio-metrics.ts'
import type { Source } from './names.ts'
import { RouteMetrics } from './route-metrics.ts'

export class MeshMetrics implements MeshObserver {
  readonly #mesh: Mesh
  readonly #istio: IstioMetrics
  readonly #routes = new RouteMetrics()

  constructor(mesh: Mesh, source: Source) {
    this.#mesh = mesh
    this.#istio = new IstioMetrics(source)
    mesh.observe(this)
  }

  callEnded(call: CallRecord): void {
    this.#istio.callEnded(call)
    this.#routes.callEnded(call)
  }

  configApplied(): void {
    this.#istio.configApplied()
  }

  families(): MetricFamily[] {
    return [
      ...this.#istio.families(),
      ...this.#routes.families(),
      ...clusterFamilies(this.#mesh.living()),
      ...configFamilies(this.#mesh),
    ]
  }

  /** Prometheus' text format. */
  text(): string {
    return metricsText(this.families())
  }
}

// Calls by route, for routes that have a name for metrics (`statPrefix`).
import type { CallRecord, MeshObserver } from '@proxyless/core'
import type { Labels, MetricFamily } from '@proxyless/core/spi'

export class RouteMetrics implements MeshObserver {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>()

  callEnded({ statPrefix, status }: CallRecord): void {
    if (statPrefix === '') return
    const key = `${status} ${statPrefix}`
    let known = this.#counts.get(key)
    if (known === undefined) {
      known = { labels: { route: statPrefix, response_code: String(status) }, count: 0 }
      this.#counts.set(key, known)
    }
    known.count++
  }

  families(): MetricFamily[] {
    const samples = [...this.#counts.values()].map(({ labels, count }) => [labels, count] as const)
    return [{ name: 'envoy_vhost_route_upstream_rq', type: 'counter', help: 'Calls by route.', samples }]
  }
}

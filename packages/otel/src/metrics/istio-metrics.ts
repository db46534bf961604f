// Istio's standard metrics of the calling side: one record per call, at the end of its answer (SEMANTICS 13.1).
// Counted here in plain numbers: handing each call with its 24 labels to a metrics library costs more than the mesh itself.
import type { CallRecord, MeshObserver } from '@proxyless/core'
import type { Labels, MetricFamily } from '@proxyless/core/spi'
import { Histogram } from './histogram.ts'
import { destinationLabels, type Source, sourceLabels } from './names.ts'
import { Strangers } from './strangers.ts'

/** Envoy's, of times in milliseconds and of sizes alike. */
const bounds = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]

/** More ways to name a call than this are forgotten and found again; what was counted stays. */
const maxKnown = 4_096

class Series {
  readonly labels: Labels
  requests = 0
  requestMessages = 0
  responseMessages = 0
  readonly duration: Histogram = new Histogram(bounds)
  readonly requestBytes: Histogram = new Histogram(bounds)
  readonly responseBytes: Histogram = new Histogram(bounds)

  constructor(labels: Labels) {
    this.labels = labels
  }
}

export class IstioMetrics implements MeshObserver {
  readonly #source: Source
  readonly #sourceLabels: Labels
  readonly #series = new Map<string, Series>()
  readonly #strangers = new Strangers()
  /** By what tells calls of one configuration apart, so that labels are worked out once. */
  readonly #known = new Map<string, Series>()

  constructor(source: Source) {
    this.#source = source
    this.#sourceLabels = sourceLabels(source)
  }

  callEnded(call: CallRecord): void {
    const series = this.#seriesOf(call)
    const { requestBytes, responseBytes, requestMessages, responseMessages } = call.sizes
    series.requests++
    series.duration.record(call.durationMs)
    series.requestBytes.record(requestBytes)
    series.responseBytes.record(responseBytes)
    series.requestMessages += requestMessages
    series.responseMessages += responseMessages
  }

  /** Endpoints may be others of the same address. */
  configApplied(): void {
    this.#known.clear()
  }

  families(): MetricFamily[] {
    const all = [...this.#series.values()]
    const grpc = all.filter(({ labels }) => labels['request_protocol'] === 'grpc')
    return [
      counter('istio_requests_total', 'Calls.', all, ({ requests }) => requests),
      histogram('istio_request_duration_milliseconds', 'How long calls took.', all, ({ duration }) => duration),
      histogram('istio_request_bytes', 'Bytes of request bodies.', all, ({ requestBytes }) => requestBytes),
      histogram('istio_response_bytes', 'Bytes of response bodies.', all, ({ responseBytes }) => responseBytes),
      counter('istio_request_messages_total', 'Messages sent by gRPC.', grpc, (each) => each.requestMessages),
      counter('istio_response_messages_total', 'Messages received by gRPC.', grpc, (each) => each.responseMessages),
    ]
  }

  #seriesOf(call: CallRecord): Series {
    const { cluster, endpoint, status, flags, grpcStatus, protocol, route } = call
    // without an endpoint, and where its address is the request's own, the host names the service
    const host = endpoint === '' || call.service?.port === 0 ? call.authority : ''
    const key = `${protocol} ${status} ${grpcStatus} ${flags} ${endpoint} ${cluster} ${route} ${host}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= maxKnown) this.#known.clear()
    const series = this.#named(this.#labelsOf(call))
    this.#known.set(key, series)
    return series
  }

  #named(labels: Labels): Series {
    const key = Object.values(labels).join('\0')
    let series = this.#series.get(key)
    if (series === undefined) {
      series = new Series(labels)
      this.#series.set(key, series)
    }
    return series
  }

  #labelsOf(call: CallRecord): Labels {
    return {
      reporter: 'source',
      ...this.#sourceLabels,
      ...destinationLabels(call, this.#source.cluster, this.#strangers),
      request_protocol: call.protocol,
      response_code: String(call.status),
      ...(call.protocol === 'grpc' ? { grpc_response_status: String(call.grpcStatus ?? '') } : {}),
      response_flags: call.flags,
      connection_security_policy: 'unknown',
    }
  }
}

function counter(
  name: string,
  help: string,
  all: readonly Series[],
  valueOf: (series: Series) => number,
): MetricFamily {
  return { name, help, type: 'counter', samples: all.map((series) => [series.labels, valueOf(series)]) }
}

function histogram(
  name: string,
  help: string,
  all: readonly Series[],
  valueOf: (series: Series) => Histogram,
): MetricFamily {
  return {
    name,
    help,
    type: 'histogram',
    bounds,
    samples: all.map((series) => [series.labels, valueOf(series)]),
  }
}

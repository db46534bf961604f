// Tells one server the load of the clusters it asks for, as often as it asks (LRS). A stream of its own: what becomes of it is
// no concern of the configuration's.
import { Backoff, type Clock, type Random, type TimerHandle } from '@proxyless/core/spi'
import { millisecondsOf } from '../decode/duration.ts'
import type { Node } from '../generated/envoy/config/core/v3/base.ts'
import { LoadStatsRequest, LoadStatsResponse } from '../generated/envoy/service/load_stats/v3/lrs.ts'
import type { AdsStream, AdsTransport } from '../stream/transport.ts'
import { type Living, LoadMeter } from './load-meter.ts'
import { clusterStats } from './load-report.ts'

const method = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats'
/** Whatever a server asks for. */
const minIntervalMs = 1000

export interface LoadReporterOptions {
  readonly transport: AdsTransport
  readonly node: Node
  readonly clock: Clock
  readonly random: Random
  readonly living: Living
  /** Name of a cluster's assignment where it is not the cluster's own, else empty. */
  readonly serviceName: (cluster: string) => string
}

interface Reporting {
  wire: AdsStream | undefined
  readonly meter: LoadMeter
  heard: boolean
  byEndpoint: boolean
  timer: TimerHandle
}

export class LoadReporter {
  readonly #options: LoadReporterOptions
  readonly #backoff: Backoff
  #stream: Reporting | undefined
  #pause: TimerHandle = undefined

  constructor(options: LoadReporterOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random)
    this.#connect()
  }

  close(): void {
    const { clock } = this.#options
    clock.clearTimer(this.#pause)
    const wire = this.#stream?.wire
    this.#drop()
    wire?.close()
    this.#options.transport.close()
  }

  #connect(): void {
    const { transport, living } = this.#options
    const stream: Reporting = {
      wire: undefined,
      meter: new LoadMeter(living),
      heard: false,
      byEndpoint: false,
      timer: undefined,
    }
    this.#stream = stream
    const wire = transport.open(method, {
      opened: () => {
        if (this.#stream === stream) stream.wire?.send(this.#greeting())
      },
      message: (bytes, next) => {
        if (this.#stream !== stream) return
        this.#message(stream, bytes)
        next()
      },
      ended: () => {
        if (this.#stream === stream) this.#ended()
      },
    })
    if (this.#stream === stream) stream.wire = wire
    else wire.close()
  }

  #greeting(): Uint8Array {
    const { node } = this.#options
    const clientFeatures = [...node.clientFeatures, 'envoy.lrs.supports_send_all_clusters']
    return LoadStatsRequest.encode({ node: { ...node, clientFeatures }, clusterStats: [] }).finish()
  }

  /** A new interval begins. */
  #message(stream: Reporting, bytes: Uint8Array): void {
    const { clock } = this.#options
    let response: LoadStatsResponse
    try {
      response = LoadStatsResponse.decode(bytes)
    } catch {
      stream.heard = false
      stream.wire?.close()
      this.#ended()
      return
    }
    stream.heard = true
    this.#backoff.reset()
    stream.meter.track(response.sendAllClusters ? 'all' : response.clusters, clock.now())
    stream.byEndpoint = response.reportEndpointGranularity
    clock.clearTimer(stream.timer)
    const saidMs = response.loadReportingInterval === undefined ? 0 : millisecondsOf(response.loadReportingInterval)
    this.#schedule(stream, Math.max(minIntervalMs, saidMs))
  }

  #schedule(stream: Reporting, intervalMs: number): void {
    const { clock } = this.#options
    stream.timer = clock.setTimer(
      intervalMs,
      () => {
        stream.wire?.send(this.#report(stream))
        this.#schedule(stream, intervalMs)
      },
      true,
    )
  }

  #report({ meter, byEndpoint }: Reporting): Uint8Array {
    const { clock, serviceName } = this.#options
    const nowMs = clock.now()
    const stats = meter.take(nowMs).map((load) => clusterStats(load, { nowMs, byEndpoint, serviceName }))
    return LoadStatsRequest.encode({ node: undefined, clusterStats: stats }).finish()
  }

  #ended(): void {
    const { clock } = this.#options
    const pauseMs = this.#stream?.heard === true ? minIntervalMs : this.#backoff.nextMs()
    this.#drop()
    this.#pause = clock.setTimer(
      pauseMs,
      () => {
        this.#connect()
      },
      true,
    )
  }

  #drop(): void {
    this.#options.clock.clearTimer(this.#stream?.timer)
    this.#stream = undefined
  }
}

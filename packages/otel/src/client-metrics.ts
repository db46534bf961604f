// How long attempts took, by OpenTelemetry's conventions for the metrics of HTTP and RPC clients.
import { type Attributes, type Histogram, metrics } from '@opentelemetry/api'
import type { Attempt } from '@proxyless/core/spi'
import { type AttemptOutcome, rpcNameOf } from './semantics/attempt-attributes.ts'
import type { Conventions } from './semantics/conventions.ts'
import { statusName } from './semantics/grpc-status.ts'
import { requestMethod } from './semantics/request-method.ts'
import { serverAddress } from './semantics/server.ts'

const secondBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export class ClientMetrics {
  readonly #http: Histogram
  readonly #oldHttp: Histogram | undefined
  readonly #rpc: Histogram | undefined
  readonly #oldRpc: Histogram | undefined

  constructor({ oldHttp, oldRpc, newRpc }: Conventions) {
    const meter = metrics.getMeter('proxyless')
    const seconds = (name: string): Histogram =>
      meter.createHistogram(name, { unit: 's', advice: { explicitBucketBoundaries: secondBounds } })
    this.#http = seconds('http.client.request.duration')
    this.#oldHttp = oldHttp ? meter.createHistogram('http.client.duration', { unit: 'ms' }) : undefined
    this.#rpc = newRpc ? seconds('rpc.client.call.duration') : undefined
    this.#oldRpc = oldRpc ? meter.createHistogram('rpc.client.duration', { unit: 'ms' }) : undefined
  }

  record(attempt: Attempt, outcome: AttemptOutcome, durationMs: number): void {
    if (attempt.call.grpc) this.#recordRpc(attempt, outcome, durationMs)
    else this.#recordHttp(attempt, outcome, durationMs)
  }

  #recordHttp({ call }: Attempt, { status, error }: AttemptOutcome, durationMs: number): void {
    const { method, port } = call.view
    const address = serverAddress(call.view)
    const attributes: Attributes = {
      'http.request.method': requestMethod(method),
      'server.address': address,
      'server.port': port,
    }
    if (status !== undefined) attributes['http.response.status_code'] = status
    if (error !== undefined) attributes['error.type'] = error
    this.#http.record(durationMs / 1000, attributes)
    if (this.#oldHttp === undefined) return
    const old: Attributes = {
      'http.method': requestMethod(method),
      'net.peer.name': address,
      'net.peer.port': port,
    }
    if (status !== undefined) old['http.status_code'] = status
    this.#oldHttp.record(durationMs, old)
  }

  #recordRpc(attempt: Attempt, { grpcStatus, error }: AttemptOutcome, durationMs: number): void {
    const name = rpcNameOf(attempt)
    const { view } = attempt.call
    const server = { 'server.address': serverAddress(view), 'server.port': view.port }
    if (this.#rpc !== undefined) {
      const attributes: Attributes = { 'rpc.system.name': 'grpc', 'rpc.method': name, ...server }
      if (grpcStatus !== undefined) attributes['rpc.response.status_code'] = statusName(grpcStatus)
      if (error !== undefined) attributes['error.type'] = error
      this.#rpc.record(durationMs / 1000, attributes)
    }
    if (this.#oldRpc === undefined) return
    const [service = '', method = ''] = name.split('/')
    const old: Attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method, ...server }
    if (grpcStatus !== undefined) old['rpc.grpc.status_code'] = grpcStatus
    this.#oldRpc.record(durationMs, old)
  }
}

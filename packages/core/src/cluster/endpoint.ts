// One address and its live numbers. Lives as long as its cluster lists it; survives configuration changes; never copied.
// Its connections belong to the traffic door that opened them.
import { PeakLatency } from '../balance/peak-latency.ts'
import type { Balanced } from '../balance/picker.ts'
import { type LoadReport, ReportedLoad } from '../balance/reported-load.ts'
import type { Endpoint as EndpointModel } from '../model/cluster.ts'
import type { CheckedHealth } from './checked-health.ts'
import type { Draining } from './draining.ts'
import { isReachedAlike } from './endpoint-tls.ts'
import type { EjectionRecord } from './ejection-record.ts'
import type { Tally } from './tally.ts'

/** What a traffic door keeps per endpoint. */
export interface Connections {
  /** No new requests will come: finish what is under way, then close; `emptied` hears when nothing is left. */
  drain(emptied: () => void): void
  /** Close now. */
  destroy(): void
  /** For status: open connections. */
  readonly open: number
}

// what only endpoints in use need is made at its first use: clusters may have 100,000 of them
export class Endpoint implements Balanced {
  /** What the configuration says of it; replaced on update. */
  model: EndpointModel
  #key: string | undefined = undefined
  #connections: Map<object, Connections> | undefined = undefined
  /** Its cluster does not list it any more. */
  gone = false

  activeRequests = 0
  totalRequests = 0
  failedRequests = 0

  /** When it was listed first; where its cluster starts slowly. */
  healthySinceMs: number | undefined = undefined
  latency: PeakLatency | undefined = undefined
  load: ReportedLoad | undefined = undefined

  /** Outlier detection's counters and state (Envoy DetectorHostMonitor). */
  consecutive5xx = 0
  consecutiveGatewayFailure = 0
  consecutiveLocalOriginFailure = 0
  ejected = false
  ejectionRecord: EjectionRecord | undefined = undefined
  tally: Tally | undefined = undefined

  /** What its health check has found; undefined: it is not asked. */
  checked: CheckedHealth | undefined = undefined

  constructor(model: EndpointModel) {
    this.model = model
  }

  /** What a newer configuration says of it. */
  take(model: EndpointModel, draining: Draining): void {
    if (!isReachedAlike(this.model, model)) this.drain(draining)
    this.model = model
  }

  /** `address:port`; its identity within the cluster. */
  get key(): string {
    return (this.#key ??= endpointKey(this.model))
  }

  /** What was said of it and what its health check has found; ejections not included. */
  get health(): EndpointModel['health'] {
    return this.checked === undefined ? this.model.health : this.checked.combine(this.model.health)
  }

  /** How often it was ejected. */
  get ejections(): number {
    return this.ejectionRecord?.count ?? 0
  }

  get weight(): number {
    return this.model.weight
  }

  get hostname(): string | undefined {
    return this.model.hostname
  }

  get hashName(): string | undefined {
    return this.model.hashName
  }

  /** Connections by the door that made them. */
  get connections(): Map<object, Connections> {
    return (this.#connections ??= new Map())
  }

  get connectionCount(): number {
    let open = 0
    for (const connections of this.#connections?.values() ?? []) open += connections.open
    return open
  }

  /** Those there are finish what they carry; the next attempt opens new ones. */
  drain(draining: Draining): void {
    for (const connections of this.#connections?.values() ?? []) draining.add(connections)
    this.#connections = undefined
  }

  destroy(): void {
    for (const connections of this.#connections?.values() ?? []) connections.destroy()
  }

  reportLatency(latencyMs: number, nowMs: number, decayMs: number): void {
    this.latency ??= new PeakLatency()
    this.latency.observe(latencyMs, nowMs, decayMs)
  }

  reportLoad(report: LoadReport, errorPenalty: number, nowMs: number, outOfBand: boolean): void {
    this.load ??= new ReportedLoad()
    this.load.outOfBand = outOfBand
    this.load.take(report, errorPenalty, nowMs)
  }
}

/** Identity of an endpoint within its cluster: address and port. */
export function endpointKey(model: Pick<EndpointModel, 'address' | 'port'>): string {
  if (model.address.startsWith('unix:')) return model.address
  return model.address.includes(':') ? `[${model.address}]:${model.port}` : `${model.address}:${model.port}`
}

// One address and its live numbers. Lives as long as its cluster lists it; survives configuration changes; never copied.
// Its connections belong to the traffic door that opened them.
import type { Balanced } from '../balance/picker.ts'
import type { Endpoint as EndpointModel } from '../model/cluster.ts'

/** What a traffic door keeps per endpoint. */
export interface Connections {
  /** No new requests will come: finish what is under way, then close. */
  drain(): void
  /** Close now. */
  destroy(): void
  /** For status: open connections. */
  readonly open: number
}

export class Endpoint implements Balanced {
  readonly key: string
  /** What the configuration says of it; replaced on update. */
  model: EndpointModel
  /** Connections by the door that made them. */
  readonly connections: Map<object, Connections> = new Map()

  activeRequests = 0
  totalRequests = 0
  failedRequests = 0

  /** Outlier detection's counters and state (Envoy DetectorHostMonitor). */
  consecutive5xx = 0
  consecutiveGatewayFailure = 0
  consecutiveLocalOriginFailure = 0
  ejected = false
  ejectedAtMs = 0
  ejectionMultiplier = 0
  ejections = 0

  constructor(model: EndpointModel) {
    this.key = endpointKey(model)
    this.model = model
  }

  get weight(): number {
    return this.model.weight
  }
}

/** Identity of an endpoint within its cluster: address and port. */
export function endpointKey(model: Pick<EndpointModel, 'address' | 'port'>): string {
  if (model.address.startsWith('unix:')) return model.address
  return model.address.includes(':') ? `[${model.address}]:${model.port}` : `${model.address}:${model.port}`
}

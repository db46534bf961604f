// What a control plane is to say at one moment of a scenario: backend services with their servers, and policy in the words of each plane.
import type { TestServer } from './test-server.ts'

/** The name that clients call; also the first service's. */
export const called = 'svc'
export const calledPort = 8080
export const target = `xds:///${called}:${calledPort}`

/** Servers in one place. */
export interface Group {
  readonly servers: readonly TestServer[]
  /** `region/zone`. Default: the client's. */
  readonly locality?: string
  /** xDS says it; in documents it follows from the localities. */
  readonly priority?: number
  /** Of its locality. Default 1. */
  readonly weight?: number
}

export interface Given {
  /** By name; `svc` is there always. */
  readonly services: Readonly<Record<string, readonly Group[]>>
  readonly istio?: {
    /** Of the VirtualService of `svc`; none: there is no VirtualService. */
    readonly http?: readonly object[]
    /** Its names, where several say the same. */
    readonly virtualServices?: readonly string[]
    /** DestinationRules by service. */
    readonly rules?: Readonly<Record<string, object>>
  }
  readonly xds?: {
    /** Name of the listener. Default `svc:8080`. */
    readonly listener?: string
    /** Name of the routes. Default `routes`. */
    readonly routeConfig?: string
    /** Of the virtual host; none: all go to `svc`. */
    readonly routes?: readonly object[]
    /** Without the route of all to `svc` behind them. */
    readonly only?: boolean
    /** More fields of clusters, by service. */
    readonly clusters?: Readonly<Record<string, object>>
  }
}

/** The client's. */
export const home = 'region-1/zone-1'

/** Calls with the same value of a header go to the same endpoint. */
export function byHeader(name: string, svc: readonly Group[]): Given {
  const route = { cluster: called, hash_policy: [{ header: { header_name: name } }] }
  return {
    services: { svc },
    istio: { rules: { svc: { trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: name } } } } } },
    xds: { routes: [{ match: { prefix: '' }, route }], clusters: { svc: { lb_policy: 'RING_HASH' } } },
  }
}

/** A backend service on these servers. */
export function on(...servers: readonly TestServer[]): readonly Group[] {
  return [{ servers }]
}

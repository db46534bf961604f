// The policy blocks that DestinationRules, their subsets and ports, and the mesh defaults share.
import * as z from 'zod'
import { localityLbSetting, warmup, zoneAwareLbSetting } from './locality.ts'
import type { LocalityLbSpec, WarmupSpec, ZoneAwareLbSpec } from './locality.ts'
import {
  bigCount,
  count,
  duration,
  optional,
  percent,
  port,
  positiveDuration,
  strings,
  unchecked,
} from './primitives.ts'

/** A block is taken whole from the most specific level that sets it. */
export interface PolicyBlocks {
  readonly loadBalancer?: LoadBalancerSpec
  readonly connectionPool?: ConnectionPoolSpec
  readonly outlierDetection?: OutlierDetectionSpec
  readonly tls?: TlsSpec
  readonly tunnel?: unknown
  readonly proxyProtocol?: unknown
  readonly retryBudget?: RetryBudgetSpec
}

export interface TrafficPolicySpec extends PolicyBlocks {
  readonly portLevelSettings?: readonly (PolicyBlocks & { readonly port?: { readonly number?: number } })[]
}

type SimpleLoadBalancer = 'UNSPECIFIED' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST' | 'LEAST_CONN'

export interface LoadBalancerSpec {
  readonly simple?: SimpleLoadBalancer
  readonly consistentHash?: ConsistentHashSpec
  readonly localityLbSetting?: LocalityLbSpec
  readonly zoneAwareLbSetting?: ZoneAwareLbSpec
  readonly warmup?: WarmupSpec
  readonly warmupDurationSecs?: number
}

interface ConsistentHashSpec {
  readonly httpHeaderName?: string
  readonly httpCookie?: CookieSpec
  readonly useSourceIp?: boolean
  readonly httpQueryParameterName?: string
  readonly minimumRingSize?: number
  readonly ringHash?: { readonly minimumRingSize?: number }
  readonly maglev?: { readonly tableSize?: number }
}

interface CookieSpec {
  readonly name: string
  readonly path?: string
  readonly ttl?: number
  readonly attributes?: readonly { readonly name: string; readonly value?: string }[]
}

export interface ConnectionPoolSpec {
  readonly tcp?: {
    readonly maxConnections?: number
    readonly connectTimeout?: number
    readonly tcpKeepalive?: TcpKeepaliveSpec
    readonly maxConnectionDuration?: number
    readonly idleTimeout?: number
  }
  readonly http?: {
    readonly http1MaxPendingRequests?: number
    readonly http2MaxRequests?: number
    readonly maxRequestsPerConnection?: number
    readonly maxRetries?: number
    readonly idleTimeout?: number
    readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE'
    readonly useClientProtocol?: boolean
    readonly maxConcurrentStreams?: number
    readonly http2KeepAlive?: unknown
  }
}

export interface TcpKeepaliveSpec {
  readonly probes?: number
  readonly time?: number
  readonly interval?: number
}

export interface OutlierDetectionSpec {
  readonly consecutiveErrors?: number
  readonly consecutive5xxErrors?: number
  readonly consecutiveGatewayErrors?: number
  readonly splitExternalLocalOriginErrors?: boolean
  readonly consecutiveLocalOriginFailures?: number
  readonly interval?: number
  readonly baseEjectionTime?: number
  readonly maxEjectionPercent?: number
  readonly minHealthPercent?: number
  readonly outlierDetectionHttpErrorCodes?: readonly (number | string)[]
}

export interface TlsSpec {
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'
  readonly clientCertificate?: string
  readonly privateKey?: string
  readonly caCertificates?: string
  readonly caCrl?: string
  readonly credentialName?: string
  readonly subjectAltNames?: readonly string[]
  readonly sni?: string
  readonly insecureSkipVerify?: boolean
}

export interface RetryBudgetSpec {
  readonly percent?: number
  readonly minRetryConcurrency?: number
  readonly budgetInterval?: number
}

export const tcpKeepalive: z.ZodType<TcpKeepaliveSpec> = z.strictObject({
  probes: optional(count),
  time: optional(duration),
  interval: optional(duration),
})

const consistentHash = z.strictObject({
  httpHeaderName: optional(z.string().min(1)),
  httpCookie: optional(
    z.strictObject({
      name: z.string().min(1),
      path: optional(z.string()),
      ttl: optional(duration),
      attributes: optional(z.array(z.strictObject({ name: z.string(), value: optional(z.string()) }))),
    }),
  ),
  useSourceIp: optional(z.boolean()),
  httpQueryParameterName: optional(z.string().min(1)),
  minimumRingSize: optional(bigCount),
  ringHash: optional(z.strictObject({ minimumRingSize: optional(bigCount) })),
  maglev: optional(z.strictObject({ tableSize: optional(bigCount) })),
})

export const connectionPool: z.ZodType<ConnectionPoolSpec> = z.strictObject({
  tcp: optional(
    z.strictObject({
      maxConnections: optional(count),
      connectTimeout: optional(positiveDuration),
      tcpKeepalive: optional(tcpKeepalive),
      maxConnectionDuration: optional(positiveDuration),
      idleTimeout: optional(duration),
    }),
  ),
  http: optional(
    z.strictObject({
      http1MaxPendingRequests: optional(count),
      http2MaxRequests: optional(count),
      maxRequestsPerConnection: optional(count),
      maxRetries: optional(count),
      idleTimeout: optional(positiveDuration),
      h2UpgradePolicy: optional(z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'])),
      useClientProtocol: optional(z.boolean()),
      maxConcurrentStreams: optional(count),
      http2KeepAlive: optional(unchecked),
    }),
  ),
})

export const outlierDetection: z.ZodType<OutlierDetectionSpec> = z.strictObject({
  consecutiveErrors: optional(count),
  consecutive5xxErrors: optional(count),
  consecutiveGatewayErrors: optional(count),
  splitExternalLocalOriginErrors: optional(z.boolean()),
  consecutiveLocalOriginFailures: optional(count),
  interval: optional(positiveDuration),
  baseEjectionTime: optional(positiveDuration),
  maxEjectionPercent: optional(percent),
  minHealthPercent: optional(percent),
  outlierDetectionHttpErrorCodes: optional(
    z.array(z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]\d\d$/)])),
  ),
})

const tls = z.strictObject({
  mode: optional(z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'])),
  clientCertificate: optional(z.string()),
  privateKey: optional(z.string()),
  caCertificates: optional(z.string()),
  caCrl: optional(z.string()),
  credentialName: optional(z.string()),
  subjectAltNames: optional(strings),
  sni: optional(z.string()),
  insecureSkipVerify: optional(z.boolean()),
})

const blocks = {
  loadBalancer: optional(
    z.strictObject({
      simple: optional(z.enum(['UNSPECIFIED', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST', 'LEAST_CONN'])),
      consistentHash: optional(consistentHash),
      localityLbSetting: optional(localityLbSetting),
      zoneAwareLbSetting: optional(zoneAwareLbSetting),
      warmup: optional(warmup),
      warmupDurationSecs: optional(positiveDuration),
    }),
  ),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(tls),
  tunnel: optional(unchecked),
  proxyProtocol: optional(unchecked),
  retryBudget: optional(
    z.strictObject({
      percent: optional(percent),
      minRetryConcurrency: optional(count),
      budgetInterval: optional(duration),
    }),
  ),
}

export const trafficPolicy: z.ZodType<TrafficPolicySpec> = z.strictObject({
  ...blocks,
  portLevelSettings: optional(
    z.array(z.strictObject({ ...blocks, port: optional(z.strictObject({ number: optional(port) })) })),
  ),
})

// MeshConfig in Istio's words: the settings of the whole mesh that matter to a caller.
// Given in code or as a document of `kind: MeshConfig`, whose fields win.
import * as z from 'zod'
import { localityLbSetting, zoneAwareLbSetting } from './locality.ts'
import type { LocalityLbSpec, ZoneAwareLbSpec } from './locality.ts'
import { duration, optional, positiveDuration, strings, unchecked } from './primitives.ts'
import { connectionPool, outlierDetection, tcpKeepalive } from './traffic-policy.ts'
import type { ConnectionPoolSpec, OutlierDetectionSpec, TcpKeepaliveSpec } from './traffic-policy.ts'
import { retries } from './virtual-service.ts'
import type { RetriesSpec } from './virtual-service.ts'

export type OutboundMode = 'REGISTRY_ONLY' | 'ALLOW_ANY' | 'ALLOW_ANY_DYNAMIC_DNS'

export type Normalization = 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES'

/** What a user writes: durations as text. */
export interface MeshSettingsInput {
  readonly rootNamespace?: string
  readonly trustDomain?: string
  readonly domain?: string
  readonly outboundTrafficPolicy?: { readonly mode?: OutboundMode }
  readonly connectTimeout?: string
  readonly tcpKeepalive?: { readonly probes?: number; readonly time?: string; readonly interval?: string }
  readonly h2UpgradePolicy?: 'DO_NOT_UPGRADE' | 'UPGRADE'
  readonly localityLbSetting?: LocalityLbSpec
  readonly zoneAwareLbSetting?: ZoneAwareLbSpec
  readonly defaultHttpRetryPolicy?: {
    readonly attempts?: number
    readonly perTryTimeout?: string
    readonly retryOn?: string
    readonly retryRemoteLocalities?: boolean
    readonly retryIgnorePreviousHosts?: boolean
    readonly backoff?: string
  }
  readonly defaultTrafficPolicy?: { readonly connectionPool?: object; readonly outlierDetection?: object }
  readonly defaultServiceExportTo?: readonly string[]
  readonly defaultVirtualServiceExportTo?: readonly string[]
  readonly defaultDestinationRuleExportTo?: readonly string[]
  readonly pathNormalization?: { readonly normalization?: Normalization }
  readonly enableAutoMtls?: boolean
  readonly dnsRefreshRate?: string
}

/** The same, read: durations in milliseconds. */
export interface MeshSettingsSpec {
  readonly rootNamespace?: string
  readonly trustDomain?: string
  readonly domain?: string
  readonly outboundTrafficPolicy?: { readonly mode?: OutboundMode }
  readonly connectTimeout?: number
  readonly tcpKeepalive?: TcpKeepaliveSpec
  readonly h2UpgradePolicy?: 'DO_NOT_UPGRADE' | 'UPGRADE'
  readonly localityLbSetting?: LocalityLbSpec
  readonly zoneAwareLbSetting?: ZoneAwareLbSpec
  readonly defaultHttpRetryPolicy?: RetriesSpec
  readonly defaultTrafficPolicy?: {
    readonly connectionPool?: ConnectionPoolSpec
    readonly outlierDetection?: OutlierDetectionSpec
  }
  readonly defaultServiceExportTo?: readonly string[]
  readonly defaultVirtualServiceExportTo?: readonly string[]
  readonly defaultDestinationRuleExportTo?: readonly string[]
  readonly pathNormalization?: { readonly normalization?: Normalization }
  readonly enableAutoMtls?: boolean
  readonly dnsRefreshRate?: number
}

/** Fields that would matter to a caller, if they were applied. */
export const WITHOUT_EFFECT_YET: readonly string[] = [
  'caCertificates',
  'meshMTLS',
  'serviceSettings',
  'tlsDefaults',
  'trustDomainAliases',
]

/** Fields of a real mesh configuration that concern proxies, gateways or the control plane only. */
export const ELSEWHERE: readonly string[] = [
  'accessLogEncoding',
  'accessLogFile',
  'accessLogFormat',
  'ca',
  'certificates',
  'configSources',
  'defaultConfig',
  'defaultProviders',
  'disableEnvoyListenerLog',
  'discoverySelectors',
  'enableEnvoyAccessLogService',
  'enablePrometheusMerge',
  'enableTracing',
  'extensionProviders',
  'hboneEnabled',
  'inboundClusterStatName',
  'inboundTrafficPolicy',
  'ingressClass',
  'ingressControllerMode',
  'ingressSelector',
  'ingressService',
  'outboundClusterStatName',
  'protocolDetectionTimeout',
  'proxyHttpPort',
  'proxyInboundListenPort',
  'proxyListenPort',
  'verifyCertificateAtClient',
]

export const meshSettingsSchema: z.ZodType<MeshSettingsSpec> = z.strictObject({
  ...Object.fromEntries([...WITHOUT_EFFECT_YET, ...ELSEWHERE].map((name) => [name, optional(unchecked)])),
  rootNamespace: optional(z.string()),
  trustDomain: optional(z.string()),
  domain: optional(z.string().min(1)),
  outboundTrafficPolicy: optional(
    z.strictObject({ mode: optional(z.enum(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS'])) }),
  ),
  connectTimeout: optional(positiveDuration),
  tcpKeepalive: optional(tcpKeepalive),
  h2UpgradePolicy: optional(z.enum(['DO_NOT_UPGRADE', 'UPGRADE'])),
  localityLbSetting: optional(localityLbSetting),
  zoneAwareLbSetting: optional(zoneAwareLbSetting),
  defaultHttpRetryPolicy: optional(retries),
  defaultTrafficPolicy: optional(
    z.strictObject({ connectionPool: optional(connectionPool), outlierDetection: optional(outlierDetection) }),
  ),
  defaultServiceExportTo: optional(strings),
  defaultVirtualServiceExportTo: optional(strings),
  defaultDestinationRuleExportTo: optional(strings),
  pathNormalization: optional(
    z.strictObject({
      normalization: optional(z.enum(['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'])),
    }),
  ),
  enableAutoMtls: optional(z.boolean()),
  dnsRefreshRate: optional(duration),
})

// MeshConfig in Istio's words: the settings of the whole mesh that matter to a caller.
// Given in code or as a document of `kind: MeshConfig`, whose fields win.
import * as z from 'zod'
import { duration, optional, positiveDuration, strings, unchecked } from './primitives.ts'
import { outboundMode } from './sidecar.ts'
import type { OutboundMode } from './sidecar.ts'
import { tcpKeepalive, trafficPolicy } from './traffic-policy.ts'
import type { PolicyBlocks, TcpKeepaliveSpec } from './traffic-policy.ts'
import type { RetriesSpec } from './virtual-service.ts'

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
  readonly localityLbSetting?: unknown
  readonly defaultHttpRetryPolicy?: {
    readonly attempts?: number
    readonly perTryTimeout?: string
    readonly retryOn?: string
    readonly retryRemoteLocalities?: boolean
    readonly retryIgnorePreviousHosts?: boolean
    readonly backoff?: string
  }
  readonly defaultTrafficPolicy?: object
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
  readonly localityLbSetting?: unknown
  readonly defaultHttpRetryPolicy?: RetriesSpec
  readonly defaultTrafficPolicy?: PolicyBlocks
  readonly defaultServiceExportTo?: readonly string[]
  readonly defaultVirtualServiceExportTo?: readonly string[]
  readonly defaultDestinationRuleExportTo?: readonly string[]
  readonly pathNormalization?: { readonly normalization?: Normalization }
  readonly enableAutoMtls?: boolean
  readonly dnsRefreshRate?: number
}

/** Fields of a real mesh configuration that concern proxies, gateways or the control plane only. */
const ELSEWHERE = [
  'accessLogFile',
  'accessLogFormat',
  'accessLogEncoding',
  'defaultConfig',
  'defaultProviders',
  'discoverySelectors',
  'enablePrometheusMerge',
  'enableTracing',
  'extensionProviders',
  'ingressClass',
  'ingressControllerMode',
  'ingressSelector',
  'ingressService',
  'configSources',
  'certificates',
  'caCertificates',
  'meshMTLS',
  'tlsDefaults',
  'serviceSettings',
  'trustDomainAliases',
  'proxyListenPort',
  'proxyHttpPort',
  'proxyInboundListenPort',
  'protocolDetectionTimeout',
  'verifyCertificateAtClient',
  'hboneEnabled',
]

export const meshSettingsSchema: z.ZodType<MeshSettingsSpec> = z.strictObject({
  ...Object.fromEntries(ELSEWHERE.map((name) => [name, optional(unchecked)])),
  rootNamespace: optional(z.string()),
  trustDomain: optional(z.string()),
  domain: optional(z.string().min(1)),
  outboundTrafficPolicy: optional(z.strictObject({ mode: optional(outboundMode) })),
  connectTimeout: optional(positiveDuration),
  tcpKeepalive: optional(tcpKeepalive),
  h2UpgradePolicy: optional(z.enum(['DO_NOT_UPGRADE', 'UPGRADE'])),
  localityLbSetting: optional(unchecked),
  defaultHttpRetryPolicy: optional(
    z.strictObject({
      attempts: optional(z.int().min(0)),
      perTryTimeout: optional(positiveDuration),
      retryOn: optional(z.string()),
      retryRemoteLocalities: optional(z.boolean()),
      retryIgnorePreviousHosts: optional(z.boolean()),
      backoff: optional(positiveDuration),
    }),
  ),
  defaultTrafficPolicy: optional(trafficPolicy),
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

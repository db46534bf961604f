// The mesh-wide settings in force: built-in defaults, then options, then a MeshConfig document, field by field.
import type { Origin, PathNormalization } from '@proxyless/core/spi'
import type { Compat } from '../compat.ts'
import { originOf } from '../documents/resource.ts'
import type { Resource } from '../documents/resource.ts'
import type { Finding } from '../findings.ts'
import type { LocalityLbSpec, ZoneAwareLbSpec } from '../schema/locality.ts'
import type { MeshSettingsSpec, Normalization, OutboundMode } from '../schema/mesh-settings.ts'
import type { PolicyBlocks } from '../schema/traffic-policy.ts'
import type { RetriesSpec } from '../schema/virtual-service.ts'

/** Settings given in code, and what was found about them. */
export interface GivenSettings {
  readonly spec: MeshSettingsSpec
  readonly findings: readonly Finding[]
}

export interface Settings {
  readonly rootNamespace: string
  readonly domain: string
  readonly outboundMode: OutboundMode
  readonly connectTimeoutMs: number
  readonly tcpKeepAliveMs?: number
  readonly upgradeToHttp2: boolean
  readonly defaultRetries?: RetriesSpec
  readonly defaultPolicy: PolicyBlocks
  readonly localityLb: LocalityLbSpec
  readonly zoneAwareLb?: ZoneAwareLbSpec
  readonly serviceExportTo: readonly string[]
  readonly virtualServiceExportTo: readonly string[]
  readonly destinationRuleExportTo: readonly string[]
  readonly pathNormalization: PathNormalization
  /** Where a field was set; the built-in default otherwise. */
  readonly originOf: (field: keyof MeshSettingsSpec) => Origin
}

const EVERYONE = ['*']

export const BUILT_IN: Origin = { resource: 'built-in default', path: '' }
export const DEFAULT_KEEPALIVE_MS = 7_200_000

const NORMALIZATIONS: { readonly [N in Normalization]: PathNormalization } = {
  DEFAULT: 'base',
  NONE: 'none',
  BASE: 'base',
  MERGE_SLASHES: 'mergeSlashes',
  DECODE_AND_MERGE_SLASHES: 'decodeAndMergeSlashes',
}

export function settle(
  given: MeshSettingsSpec,
  document: Resource<'MeshConfig'> | undefined,
  compat: Compat,
): Settings {
  const said: MeshSettingsSpec = { ...given, ...document?.spec }
  const keepalive = said.tcpKeepalive
  return {
    rootNamespace: said.rootNamespace ?? 'istio-system',
    domain: said.domain ?? 'cluster.local',
    outboundMode: said.outboundTrafficPolicy?.mode ?? compat.outboundMode,
    connectTimeoutMs: said.connectTimeout ?? 10_000,
    ...(keepalive === undefined ? {} : { tcpKeepAliveMs: keepalive.time ?? DEFAULT_KEEPALIVE_MS }),
    upgradeToHttp2: said.h2UpgradePolicy === 'UPGRADE',
    ...(said.defaultHttpRetryPolicy === undefined ? {} : { defaultRetries: said.defaultHttpRetryPolicy }),
    defaultPolicy: said.defaultTrafficPolicy ?? {},
    localityLb: said.localityLbSetting ?? {},
    ...(said.zoneAwareLbSetting === undefined ? {} : { zoneAwareLb: said.zoneAwareLbSetting }),
    serviceExportTo: said.defaultServiceExportTo ?? EVERYONE,
    virtualServiceExportTo: said.defaultVirtualServiceExportTo ?? EVERYONE,
    destinationRuleExportTo: said.defaultDestinationRuleExportTo ?? EVERYONE,
    pathNormalization: NORMALIZATIONS[said.pathNormalization?.normalization ?? 'DEFAULT'],
    originOf: (field) => origin(field, given, document),
  }
}

function origin(
  field: keyof MeshSettingsSpec,
  given: MeshSettingsSpec,
  document: Resource<'MeshConfig'> | undefined,
): Origin {
  if (document?.spec[field] !== undefined) return originOf(document, field)
  return given[field] === undefined ? BUILT_IN : { resource: 'MeshConfig', path: field }
}

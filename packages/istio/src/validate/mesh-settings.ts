// What the settings of the mesh must satisfy beyond their shape, and a word for each that has no effect.
// Called for documents of `kind: MeshConfig` and for the settings given in code.
import { joinPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import { ELSEWHERE, WITHOUT_EFFECT_YET } from '../schema/mesh-settings.ts'
import type { MeshSettingsSpec } from '../schema/mesh-settings.ts'
import { isRecord } from '../schema/walk.ts'
import { checkFailover, checkLocality } from './locality.ts'
import { checkConnectionPool, checkKeepalive, checkOutlierDetection } from './policy-blocks.ts'
import { checkRetries } from './retries.ts'

export function checkMeshSettings(spec: MeshSettingsSpec, base: string, report: Report): void {
  const {
    tcpKeepalive,
    localityLbSetting,
    zoneAwareLbSetting,
    defaultHttpRetryPolicy,
    defaultTrafficPolicy = {},
  } = spec
  const { connectionPool, outlierDetection } = defaultTrafficPolicy
  const at = (...keys: string[]): string => keys.reduce(joinPath, base)
  if (tcpKeepalive !== undefined) checkKeepalive(tcpKeepalive, at('tcpKeepalive'), report)
  if (defaultHttpRetryPolicy !== undefined) checkRetries(defaultHttpRetryPolicy, at('defaultHttpRetryPolicy'), report)
  if (localityLbSetting !== undefined) checkLocality(localityLbSetting, at('localityLbSetting'), report)
  if (zoneAwareLbSetting !== undefined) checkFailover(zoneAwareLbSetting, at('zoneAwareLbSetting'), report)
  if (connectionPool !== undefined)
    checkConnectionPool(connectionPool, at('defaultTrafficPolicy', 'connectionPool'), report)
  if (outlierDetection !== undefined)
    checkOutlierDetection(outlierDetection, at('defaultTrafficPolicy', 'outlierDetection'), report)
  for (const field of Object.keys(spec)) checkEffect(spec, field, at(field), report)
}

const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  dnsRefreshRate: 'names are resolved again when their records expire',
  enableAutoMtls: 'servers of the mesh are called in plain text where no rule says otherwise',
  trustDomain: 'there are no identities of workloads yet',
  ...Object.fromEntries(WITHOUT_EFFECT_YET.map((field) => [field, 'calls go out as if it were not set'])),
}

/** What is switched off has the effect it asks for. */
function checkEffect(spec: MeshSettingsSpec, field: string, path: string, report: Report): void {
  const value = (spec as Readonly<Record<string, unknown>>)[field]
  const instead = WITHOUT_EFFECT[field]
  const off = value === false || (isRecord(value) && value['enabled'] === false)
  if (instead !== undefined && !off) report.warn('NOT_YET_APPLIED', path, `${field} has no effect yet; ${instead}`)
  if (ELSEWHERE.includes(field)) report.info('NO_CLIENT_EFFECT', path, `${field} concerns proxies or the control plane`)
}

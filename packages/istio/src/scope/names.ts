// Names as Istio reads them: short names, gateways and exportTo lists.

import { isIp } from '../validate/hosts.ts'

/** A short name means a service of the resource's own namespace; anything with a dot is taken as it is. */
export function expandHost(host: string, namespace: string, domain: string): string {
  const lower = host.toLowerCase()
  if (lower.includes('.') || lower.startsWith('*') || isIp(lower))
    return lower.endsWith('.') ? lower.slice(0, -1) : lower
  return `${lower}.${namespace}.svc.${domain}`
}

/** True when a list of gateways (or its absence) includes the mesh itself. */
export function includesMesh(gateways: readonly string[] | undefined): boolean {
  return gateways === undefined || gateways.length === 0 || gateways.includes('mesh')
}

/** True when something of `owner` exported to `exportTo` can be seen from `namespace`. */
export function isExported(exportTo: readonly string[], owner: string, namespace: string): boolean {
  if (exportTo.includes('~')) return false
  if (exportTo.includes('*') || exportTo.includes(namespace)) return true
  return owner === namespace && exportTo.includes('.')
}

export function orDefault(exportTo: readonly string[] | undefined, fallback: readonly string[]): readonly string[] {
  return exportTo === undefined || exportTo.length === 0 ? fallback : exportTo
}

// Conditions of a match that the client itself decides, once: source labels, namespace, gateways, request port.
import type { Workload } from '../options.ts'
import { hasLabels } from '../registry/labels.ts'
import type { HttpMatchSpec } from '../schema/virtual-service.ts'

/** `port` undefined: a request port that no match names. */
export function survives(match: HttpMatchSpec, client: Workload, port: number | undefined): boolean {
  if (Object.keys(match.headers ?? {}).some((name) => name.startsWith('@request.auth.claims'))) return false
  if (match.port !== undefined && match.port !== port) return false
  if (match.gateways !== undefined && match.gateways.length > 0) return match.gateways.includes('mesh')
  if (!hasLabels(client.labels, match.sourceLabels ?? {})) return false
  return (
    match.sourceNamespace === undefined || match.sourceNamespace === '' || match.sourceNamespace === client.namespace
  )
}

// What a Sidecar must satisfy beyond its shape.
import type { Report } from '../findings.ts'
import type { SidecarSpec } from '../schema/sidecar.ts'

export function checkSidecar(spec: SidecarSpec, report: Report): void {
  const egress = spec.egress ?? []
  for (const [index, listener] of egress.entries()) {
    const path = `spec.egress[${index}]`
    if (listener.port?.number === undefined && index < egress.length - 1) {
      report.error('INVALID_VALUE', path, 'the entry without a port must be the last')
    }
    for (const [position, host] of listener.hosts.entries()) {
      if (!/^~?[^/]+\/[^/]+$/.test(host)) {
        report.error('INVALID_VALUE', `${path}.hosts[${position}]`, `"${host}" is not of the form namespace/host`)
      }
    }
    for (const field of ['bind', 'captureMode'] as const) {
      if (listener[field] !== undefined)
        report.warn('NO_CLIENT_EFFECT', `${path}.${field}`, `${field} concerns the proxy's listeners`)
    }
  }
  for (const field of ['ingress', 'inboundConnectionPool'] as const) {
    if (spec[field] !== undefined) report.warn('NO_CLIENT_EFFECT', `spec.${field}`, `${field} concerns inbound traffic`)
  }
}

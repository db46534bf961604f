// What ServiceEntry and WorkloadEntry must satisfy beyond their shape.
import type { Report } from '../findings.ts'
import type { Resolution, ServiceEntrySpec, WorkloadEntrySpec } from '../schema/service-entry.ts'
import { protocolOf } from '../registry/protocol.ts'
import { checkExportTo, isCidr, isHostPattern, isIp } from './hosts.ts'

export function checkServiceEntry(spec: ServiceEntrySpec, report: Report): void {
  const resolution = spec.resolution ?? 'NONE'
  checkExportTo(spec.exportTo, report)
  checkHosts(spec, resolution, report)
  checkAddresses(spec, resolution, report)
  checkPorts(spec, report)
  checkEndpoints(spec, resolution, report)
}

export function checkWorkloadEntry(spec: WorkloadEntrySpec, path: string, report: Report): void {
  if ((spec.address === undefined || spec.address === '') && (spec.network === undefined || spec.network === '')) {
    report.error('MISSING_FIELD', `${path}.address`, 'an address is required')
  }
  if (spec.network !== undefined && spec.network !== '') {
    report.info('NETWORK_EXCLUDED', `${path}.network`, 'clients of other networks leave this endpoint out')
  }
}

function checkHosts(spec: ServiceEntrySpec, resolution: Resolution, report: Report): void {
  for (const [index, host] of spec.hosts.entries()) {
    const path = `spec.hosts[${index}]`
    if (host === '*') report.error('INVALID_VALUE', path, 'the host * is too wide')
    else if (!isHostPattern(host)) report.error('INVALID_VALUE', path, `"${host}" is not a host name`)
    const dns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
    if (dns && host.startsWith('*') && (spec.endpoints?.length ?? 0) === 0) {
      report.error(
        'WILDCARD_DNS',
        path,
        'a wildcard host cannot be resolved by DNS; list endpoints or use resolution NONE',
      )
    }
    if (resolution === 'DYNAMIC_DNS' && !host.startsWith('*')) {
      report.error('INVALID_VALUE', path, 'resolution DYNAMIC_DNS is for wildcard hosts only')
    }
  }
}

function checkAddresses(spec: ServiceEntrySpec, resolution: Resolution, report: Report): void {
  for (const [index, address] of (spec.addresses ?? []).entries()) {
    const path = `spec.addresses[${index}]`
    if (!isCidr(address)) report.error('INVALID_VALUE', path, `"${address}" is neither an IP address nor an IP range`)
    else if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC') {
      report.error('INVALID_VALUE', path, 'IP ranges are allowed with resolution NONE or STATIC only')
    }
  }
}

function checkPorts(spec: ServiceEntrySpec, report: Report): void {
  const numbers = new Set<number>()
  const names = new Set<string>()
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const path = `spec.ports[${index}]`
    if (protocolOf(port.protocol, port.name) === 'tcp' && (spec.addresses?.length ?? 0) === 0) {
      report.warn('UNSUPPORTED_FIELD', path, 'a TCP port without addresses matches any destination in a sidecar')
    }
    if (numbers.has(port.number)) report.error('INVALID_VALUE', `${path}.number`, `port ${port.number} is listed twice`)
    if (names.has(port.name))
      report.error('INVALID_VALUE', `${path}.name`, `the port name "${port.name}" is used twice`)
    numbers.add(port.number)
    names.add(port.name)
  }
}

function checkEndpoints(spec: ServiceEntrySpec, resolution: Resolution, report: Report): void {
  const endpoints = spec.endpoints ?? []
  if (endpoints.length > 0 && spec.workloadSelector !== undefined) {
    report.error('CONFLICTING_FIELDS', 'spec.workloadSelector', 'endpoints and workloadSelector exclude one another')
  }
  if (endpoints.length > 0 && (resolution === 'NONE' || resolution === 'DYNAMIC_DNS')) {
    report.error('CONFLICTING_FIELDS', 'spec.endpoints', `resolution ${resolution} cannot have endpoints`)
  }
  if (endpoints.length > 1 && resolution === 'DNS_ROUND_ROBIN') {
    report.error('INVALID_VALUE', 'spec.endpoints', 'resolution DNS_ROUND_ROBIN allows one endpoint only')
  }
  const names = new Set((spec.ports ?? []).map((port) => port.name))
  for (const [index, endpoint] of endpoints.entries()) {
    const path = `spec.endpoints[${index}]`
    checkWorkloadEntry(endpoint, path, report)
    for (const name of Object.keys(endpoint.ports ?? {})) {
      if (!names.has(name)) report.error('INVALID_VALUE', `${path}.ports`, `the service has no port named "${name}"`)
    }
    const address = endpoint.address ?? ''
    if (resolution === 'STATIC' && address !== '' && !isIp(address) && !address.startsWith('unix://')) {
      report.error(
        'INVALID_VALUE',
        `${path}.address`,
        `resolution STATIC needs an IP address or unix:///path, found "${address}"`,
      )
    }
  }
}

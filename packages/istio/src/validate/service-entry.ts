// What ServiceEntry and WorkloadEntry must satisfy beyond their shape.
import type { Report } from '../findings.ts'
import type { Resolution, ServiceEntrySpec, WorkloadEntrySpec } from '../schema/service-entry.ts'
import { saidProtocol } from '../registry/protocol.ts'
import { checkExportTo, isCidr, isHostPattern, isIp, isPartialWildcard } from './hosts.ts'

export function checkServiceEntry(spec: ServiceEntrySpec, report: Report): void {
  const resolution = spec.resolution ?? 'NONE'
  checkExportTo(spec.exportTo, report)
  checkHosts(spec, resolution, report)
  checkAddresses(spec, resolution, report)
  checkPorts(spec, resolution, report)
  checkSelector(spec, report)
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
    else if (isPartialWildcard(host)) {
      const message = `the wildcard of "${host}" covers a part of a label; proxies may not match it`
      report.warn('PARTIAL_WILDCARD', path, message)
    }
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
  if (resolution === 'DYNAMIC_DNS' && (spec.addresses?.length ?? 0) > 0) {
    report.error('CONFLICTING_FIELDS', 'spec.addresses', 'resolution DYNAMIC_DNS cannot have addresses')
  }
  for (const [index, address] of (spec.addresses ?? []).entries()) {
    const path = `spec.addresses[${index}]`
    if (!isCidr(address)) report.error('INVALID_VALUE', path, `"${address}" is neither an IP address nor an IP range`)
    else if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC') {
      report.error('INVALID_VALUE', path, 'IP ranges are allowed with resolution NONE or STATIC only')
    }
  }
}

function checkPorts(spec: ServiceEntrySpec, resolution: Resolution, report: Report): void {
  const numbers = new Set<number>()
  const names = new Set<string>()
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const path = `spec.ports[${index}]`
    const protocol = saidProtocol(port.protocol, port.name)
    const raw = protocol === undefined || protocol === 'tcp'
    if (resolution === 'DYNAMIC_DNS' && (raw || protocol === 'udp')) {
      const message = 'resolution DYNAMIC_DNS is for ports of protocol HTTP, HTTP2, GRPC or TLS only'
      report.error('INVALID_VALUE', `${path}.protocol`, message)
    } else if (raw && (spec.addresses?.length ?? 0) === 0) {
      const message = 'without addresses a port of protocol TCP, or of none, matches any destination in a sidecar'
      report.warn('TCP_WITHOUT_ADDRESS', path, message)
    }
    if (numbers.has(port.number)) report.error('INVALID_VALUE', `${path}.number`, `port ${port.number} is listed twice`)
    if (names.has(port.name))
      report.error('INVALID_VALUE', `${path}.name`, `the port name "${port.name}" is used twice`)
    numbers.add(port.number)
    names.add(port.name)
  }
}

function checkSelector({ workloadSelector }: ServiceEntrySpec, report: Report): void {
  if (workloadSelector === undefined || Object.keys(workloadSelector.labels ?? {}).length > 0) return
  const message = 'a selector without labels selects every WorkloadEntry of its namespace'
  report.warn('EMPTY_SELECTOR', 'spec.workloadSelector', message)
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
    checkEndpointAddress(endpoint.address ?? '', resolution, `${path}.address`, report)
  }
}

function checkEndpointAddress(address: string, resolution: Resolution, path: string, report: Report): void {
  if (address === '') return
  if (resolution === 'STATIC' && !isIp(address) && !address.startsWith('unix://')) {
    const message = `resolution STATIC needs an IP address or unix:///path, found "${address}"`
    report.error('INVALID_VALUE', path, message)
  }
  const dns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
  if (dns && (address.startsWith('*') || !isHostPattern(address))) {
    const message = `resolution ${resolution} needs a host name or an IP address, found "${address}"`
    report.error('INVALID_VALUE', path, message)
  }
}

// ServiceEntries and the WorkloadEntries they select, as services.
import type { Discovery, Endpoint, Locality } from '@proxyless/core/spi'
import type { Resource } from '../documents/resource.ts'
import type { Labels } from '../schema/primitives.ts'
import type { ServiceEntryPortSpec, ServiceEntrySpec, WorkloadEntrySpec } from '../schema/service-entry.ts'
import { orDefault } from '../scope/names.ts'
import { protocolOf } from './protocol.ts'
import type { MeshService, ServicePort } from './service.ts'
import { preferenceOf } from './traffic-distribution.ts'

/** A WorkloadEntry or an inline endpoint, with the name people know it by. */
interface Member {
  readonly spec: WorkloadEntrySpec
  readonly labels: Labels
  readonly name: string
}

export function servicesOfEntry(
  entry: Resource<'ServiceEntry'>,
  selected: readonly Resource<'WorkloadEntry'>[],
  defaultExportTo: readonly string[],
  network: string | undefined,
): MeshService[] {
  const spec = entry.spec
  const members = (spec.endpoints ?? []).map((endpoint, index): Member => memberOf(endpoint, `${entry.name}-${index}`))
  for (const workload of selected) {
    members.push({ ...memberOf(workload.spec, workload.name), labels: { ...workload.spec.labels, ...workload.labels } })
  }
  const reachable = members.filter((member) => isReachable(member, network))
  return spec.hosts.map((host) => {
    const name = host.toLowerCase()
    return {
      host: name,
      namespace: entry.namespace,
      kubernetes: false,
      ...(spec.location === 'MESH_INTERNAL' ? {} : { external: true as const }),
      addresses: (spec.addresses ?? []).filter((address) => !address.includes('/')),
      headless: false,
      ...preferenceOf(entry.annotations),
      exportTo: orDefault(spec.exportTo, defaultExportTo),
      ports: (spec.ports ?? []).map((port) => portOf(port, spec, name, reachable)),
      subjectAltNames: spec.subjectAltNames ?? [],
      resource: entry,
    }
  })
}

/** Endpoints of a port, in the form that all registries share. */
export function endpointOf(member: Member, portName: string, fallbackPort: number): Endpoint {
  const address = member.spec.address ?? ''
  const unix = address.startsWith('unix://')
  return {
    address,
    port: unix ? 0 : (member.spec.ports?.[portName] ?? fallbackPort),
    weight: Math.max(1, member.spec.weight ?? 1),
    health: 'healthy',
    labels: member.labels,
    locality: parseLocality(member.spec.locality ?? member.labels['istio-locality']?.replaceAll('.', '/')),
    priority: 0,
    name: member.name,
  }
}

export function memberOf(spec: WorkloadEntrySpec, name: string): Member {
  return { spec, labels: spec.labels ?? {}, name }
}

/** Endpoints of other networks stand behind a gateway that is not known here. */
export function isReachable(member: Member, network: string | undefined): boolean {
  const own = member.spec.network ?? member.labels['topology.istio.io/network'] ?? ''
  return member.spec.address !== undefined && member.spec.address !== '' && (own === '' || own === (network ?? ''))
}

function parseLocality(text: string | undefined): Locality {
  const [region = '', zone = '', subzone = ''] = (text ?? '').split('/')
  return { region, zone, subzone }
}

function portOf(
  port: ServiceEntryPortSpec,
  spec: ServiceEntrySpec,
  host: string,
  members: readonly Member[],
): ServicePort {
  return {
    number: port.number,
    name: port.name,
    protocol: protocolOf(port.protocol, port.name),
    discovery: discoveryOf(port, spec, host, members),
  }
}

function discoveryOf(
  port: ServiceEntryPortSpec,
  spec: ServiceEntrySpec,
  host: string,
  members: readonly Member[],
): Discovery {
  const target = port.targetPort ?? port.number
  const endpoints = members.map((member) => endpointOf(member, port.name, target))
  switch (spec.resolution ?? 'NONE') {
    case 'NONE':
    case 'DYNAMIC_DNS':
      return { kind: 'originalDestination', ...(port.targetPort === undefined ? {} : { port: port.targetPort }) }
    case 'STATIC':
      return { kind: 'static', endpoints }
    case 'DNS':
      return { kind: 'strictDns', endpoints: orHost(endpoints, spec, host, target) }
    case 'DNS_ROUND_ROBIN':
      return { kind: 'logicalDns', endpoints: orHost(endpoints, spec, host, target) }
  }
}

/** DNS without endpoints resolves the host itself. */
function orHost(
  endpoints: readonly Endpoint[],
  spec: ServiceEntrySpec,
  host: string,
  port: number,
): readonly Endpoint[] {
  if (endpoints.length > 0 || spec.workloadSelector !== undefined) return endpoints
  return [endpointOf(memberOf({ address: host }, host), '', port)]
}

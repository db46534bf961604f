// Kubernetes Services with their EndpointSlices, as services.
// EndpointSlices carry no pod labels; the labels of an endpoint are those of its slice, without Kubernetes' own.
import type { Discovery, Endpoint } from '@proxyless/core/spi'
import type { Resource } from '../documents/resource.ts'
import type { KubernetesPortSpec, SliceEndpointSpec } from '../schema/kubernetes.ts'
import type { Labels } from '../schema/primitives.ts'
import { protocolOf } from './protocol.ts'
import { endpointOf, isReachable, memberOf } from './service-entry.ts'
import type { MeshService, ServicePort } from './service.ts'
import { preferenceOf } from './traffic-distribution.ts'

export interface ServiceSurroundings {
  readonly slices: readonly Resource<'EndpointSlice'>[]
  /** WorkloadEntries that the Service's selector selects. */
  readonly workloads: readonly Resource<'WorkloadEntry'>[]
  readonly domain: string
  readonly defaultExportTo: readonly string[]
  readonly network: string | undefined
}

export function serviceOf(service: Resource<'Service'>, around: ServiceSurroundings): MeshService {
  const { spec, annotations } = service
  const said = annotations['networking.istio.io/exportTo']
  const external = externalNameOf(service)
  const addresses = [...new Set([spec.clusterIP ?? '', ...(spec.clusterIPs ?? [])])]
  return {
    host: `${service.name}.${service.namespace}.svc.${around.domain}`,
    namespace: service.namespace,
    kubernetes: true,
    ...(external === undefined ? {} : { externalName: external.toLowerCase() }),
    addresses: addresses.filter((address) => address !== '' && address !== 'None'),
    headless: spec.clusterIP === 'None',
    ...preferenceOf(annotations, spec.trafficDistribution),
    exportTo: said === undefined ? around.defaultExportTo : said.split(',').map((target) => target.trim()),
    ports: (spec.ports ?? []).map((port) => portOf(port, service, around)),
    subjectAltNames: [],
    resource: service,
  }
}

function portOf(port: KubernetesPortSpec, service: Resource<'Service'>, around: ServiceSurroundings): ServicePort {
  const name = port.name ?? ''
  return {
    number: port.port,
    name,
    protocol: protocolOf(port.appProtocol, name, port.protocol),
    discovery: discoveryOf(port, service, around),
  }
}

function discoveryOf(port: KubernetesPortSpec, service: Resource<'Service'>, around: ServiceSurroundings): Discovery {
  const target = typeof port.targetPort === 'number' ? port.targetPort : port.port
  const external = externalNameOf(service)
  if (external !== undefined) {
    return { kind: 'strictDns', endpoints: [endpointOf(memberOf({ address: external }, external), '', target)] }
  }
  if (service.spec.clusterIP === 'None' && around.slices.length === 0) return { kind: 'originalDestination' }
  const endpoints = around.slices.flatMap((slice) => sliceEndpoints(slice, port, target))
  for (const workload of around.workloads) {
    const labels = { ...workload.spec.labels, ...workload.labels }
    const member = { ...memberOf(workload.spec, workload.name), labels }
    if (isReachable(member, around.network)) endpoints.push(endpointOf(member, port.name ?? '', target))
  }
  const names = around.slices.some((slice) => slice.spec.addressType === 'FQDN')
  return { kind: names ? 'strictDns' : 'static', endpoints }
}

function externalNameOf({ spec }: Resource<'Service'>): string | undefined {
  return spec.type === 'ExternalName' ? spec.externalName : undefined
}

function sliceEndpoints(slice: Resource<'EndpointSlice'>, port: KubernetesPortSpec, target: number): Endpoint[] {
  const ports = slice.spec.ports ?? []
  const match = ports.find((candidate) => (candidate.name ?? '') === (port.name ?? ''))
  if (ports.length > 0 && match === undefined) return []
  const labels = ownLabels(slice.labels)
  return (slice.spec.endpoints ?? []).flatMap((endpoint) => toEndpoint(endpoint, match?.port ?? target, labels))
}

/** The first address only: the others of an endpoint are the same machine. */
function toEndpoint(endpoint: SliceEndpointSpec, port: number, labels: Labels): Endpoint[] {
  const address = endpoint.addresses[0]
  const health = healthOf(endpoint)
  if (address === undefined || health === undefined) return []
  const topology = endpoint.topology ?? endpoint.deprecatedTopology ?? {}
  const name = endpoint.targetRef?.name ?? endpoint.hostname
  return [
    {
      address,
      port,
      weight: 1,
      health,
      labels: endpoint.nodeName === undefined ? labels : { ...labels, 'kubernetes.io/hostname': endpoint.nodeName },
      locality: {
        region: topology['topology.kubernetes.io/region'] ?? '',
        zone: endpoint.zone ?? topology['topology.kubernetes.io/zone'] ?? '',
        subzone: '',
      },
      priority: 0,
      ...(name === undefined ? {} : { name }),
    },
  ]
}

/** Undefined: on its way out. Ready ones that terminate are wanted all the same (publishNotReadyAddresses). */
function healthOf({ conditions = {} }: SliceEndpointSpec): Endpoint['health'] | undefined {
  if (conditions.ready !== false) return 'healthy'
  return conditions.terminating === true ? undefined : 'unhealthy'
}

function ownLabels(labels: Labels): Labels {
  const own = Object.entries(labels).filter(([key]) => !/^(endpointslice\.)?kubernetes\.io\//.test(key))
  return Object.fromEntries(own)
}

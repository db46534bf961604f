// All services, by host. Built anew on every update, but a service whose documents did not change stays the same object.
import type { Resource } from '../documents/resource.ts'
import type { Pace } from '../pace.ts'
import type { Labels } from '../schema/primitives.ts'
import type { ResourcesByKind } from '../world/by-kind.ts'
import { groupBy } from '../world/group-by.ts'
import type { Settings } from '../world/settings.ts'
import { hasLabels } from './labels.ts'
import { serviceOf } from './kubernetes-service.ts'
import { servicesOfEntry } from './service-entry.ts'
import type { MeshService } from './service.ts'

interface Remembered {
  readonly inputs: readonly unknown[]
  readonly services: readonly MeshService[]
}

/** Builds services and remembers them from one update to the next. */
export class ServiceBuilder {
  #known = new Map<string, Remembered>()

  /** Every service of every namespace: Kubernetes' first, then ServiceEntries in the order of their age. */
  async build(
    resources: ResourcesByKind,
    settings: Settings,
    network: string | undefined,
    pace: Pace,
  ): Promise<MeshService[]> {
    const next = new Map<string, Remembered>()
    const slices = groupSlices(resources.EndpointSlice)
    const workloads = groupBy(resources.WorkloadEntry, (entry) => entry.namespace)
    const fixed = [settings.domain, settings.serviceExportTo, network]
    for (const service of resources.Service) {
      const around = {
        slices: slices.get(`${service.namespace}/${service.name}`) ?? [],
        workloads: select(workloads.get(service.namespace), service.spec.selector ?? undefined),
        domain: settings.domain,
        defaultExportTo: settings.serviceExportTo,
        network,
      }
      this.#remember(next, service, [...around.slices, ...around.workloads, ...fixed], () => [
        serviceOf(service, around),
      ])
      if (pace.due()) await pace.rest()
    }
    for (const entry of resources.ServiceEntry) {
      const selected = select(
        workloads.get(entry.namespace),
        entry.spec.workloadSelector?.labels,
        entry.spec.workloadSelector !== undefined,
      )
      const make = (): MeshService[] => servicesOfEntry(entry, selected, settings.serviceExportTo, network)
      this.#remember(next, entry, [...selected, ...fixed], make)
      if (pace.due()) await pace.rest()
    }
    this.#known = next
    return mergeEntries([...next.values()].flatMap((known) => known.services))
  }

  #remember(
    next: Map<string, Remembered>,
    resource: Resource,
    more: readonly unknown[],
    make: () => MeshService[],
  ): void {
    const inputs = [resource, ...more]
    const known = this.#known.get(resource.id)
    const same = known !== undefined && sameItems(known.inputs, inputs)
    next.set(resource.id, same ? known : { inputs, services: make() })
  }
}

function groupSlices(slices: readonly Resource<'EndpointSlice'>[]): Map<string, Resource<'EndpointSlice'>[]> {
  return groupBy(slices, (slice) => `${slice.namespace}/${slice.labels['kubernetes.io/service-name'] ?? ''}`)
}

function select(
  entries: readonly Resource<'WorkloadEntry'>[] | undefined,
  labels: Labels | undefined,
  evenWithout = false,
): readonly Resource<'WorkloadEntry'>[] {
  if (entries === undefined || (!evenWithout && Object.keys(labels ?? {}).length === 0)) return []
  return entries.filter((entry) => hasLabels({ ...entry.spec.labels, ...entry.labels }, labels ?? {}))
}

/** Several ServiceEntries of one namespace may share a host and differ in ports. */
function mergeEntries(services: readonly MeshService[]): MeshService[] {
  const merged = new Map<string, MeshService>()
  for (const service of services) {
    const key = `${service.kubernetes ? 'k' : 'e'} ${service.namespace}/${service.host}`
    const earlier = merged.get(key)
    if (earlier === undefined) {
      merged.set(key, service)
      continue
    }
    const taken = new Set(earlier.ports.map((port) => port.number))
    const ports = [...earlier.ports, ...service.ports.filter((port) => !taken.has(port.number))]
    merged.set(key, { ...earlier, ports, addresses: [...new Set([...earlier.addresses, ...service.addresses])] })
  }
  return [...merged.values()]
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

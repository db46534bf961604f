// The services that this client can see, by host, and the ports of each that it can call.
import type { Workload } from '../options.ts'
import { isExported } from '../scope/names.ts'
import type { SidecarScope } from '../scope/sidecar-scope.ts'
import { groupBy } from '../world/group-by.ts'
import type { MeshService, ServicePort } from './service.ts'

export class VisibleServices {
  readonly #byHost = new Map<string, MeshService>()
  /** ExternalNames that stand for a service of the mesh: their host -> that service. */
  readonly #meant = new Map<string, MeshService>()
  readonly #scope: SidecarScope
  readonly #imported = new Set<string>()

  /** `services` stand in the order of their age, Kubernetes' first. */
  constructor(services: readonly MeshService[], client: Workload, scope: SidecarScope) {
    this.#scope = scope
    const ranks = new Map<string, number>()
    for (const service of services) {
      if (!isExported(service.exportTo, service.namespace, client.namespace)) continue
      // What the Sidecar names wins a host, then the client's own namespace; else whoever came first.
      const rank = (this.#isNamed(service) ? 2 : 0) + (service.namespace === client.namespace ? 1 : 0)
      if (rank <= (ranks.get(service.host) ?? -1)) continue
      ranks.set(service.host, rank)
      this.#byHost.set(service.host, service)
    }
    this.#resolveAliases()
  }

  #isNamed({ namespace, host, ports }: MeshService): boolean {
    return ports.some(({ number }) => this.#scope.seesService(namespace, host, number))
  }

  #resolveAliases(): void {
    for (const service of this.#byHost.values()) {
      const target = this.#followNames(service)
      if (target !== undefined && this.#scope.importsHosts(service.namespace, [service.host]))
        this.#meant.set(service.host, target)
    }
    for (const alias of this.#meant.keys()) this.#byHost.delete(alias)
  }

  /** The service at the end of a chain of ExternalNames; undefined where there is no chain, or it leads nowhere. */
  #followNames(service: MeshService): MeshService | undefined {
    const seen = new Set<MeshService>()
    let target: MeshService | undefined = service
    while (target?.externalName !== undefined && !seen.has(target)) {
      seen.add(target)
      target = this.#byHost.get(target.externalName)
    }
    return target === undefined || seen.has(target) || target === service ? undefined : target
  }

  /** Hosts that are other names of a service, by the service's own host. */
  aliases(): ReadonlyMap<string, readonly string[]> {
    const hosts = groupBy([...this.#meant], ([, service]) => service.host)
    return new Map([...hosts].map(([host, entries]) => [host, entries.map(([alias]) => alias)]))
  }

  /** A destination of an imported VirtualService is visible even where the Sidecar does not name it. */
  import(host: string, port: number | undefined): void {
    const service = this.#get(host)
    for (const { number } of service?.ports ?? []) {
      if (port === undefined || port === number) this.#imported.add(`${service?.host}:${number}`)
    }
  }

  /** By its own host, or by an alias. */
  find(host: string): MeshService | undefined {
    const service = this.#get(host)
    return service !== undefined && this.portsOf(service).length > 0 ? service : undefined
  }

  #get(host: string): MeshService | undefined {
    return this.#byHost.get(host) ?? this.#meant.get(host)
  }

  portsOf(service: MeshService): readonly ServicePort[] {
    if (this.#scope.sidecar === undefined) return service.ports
    return service.ports.filter(
      ({ number }) =>
        this.#scope.seesService(service.namespace, service.host, number) ||
        this.#imported.has(`${service.host}:${number}`),
    )
  }

  *all(): Generator<MeshService> {
    for (const service of this.#byHost.values()) if (this.portsOf(service).length > 0) yield service
  }
}

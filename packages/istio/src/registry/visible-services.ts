// The services that this client can see, by host, and the ports of each that it can call.
import type { Workload } from '../options.ts'
import { isExported } from '../scope/names.ts'
import type { SidecarScope } from '../scope/sidecar-scope.ts'
import type { MeshService, ServicePort } from './service.ts'

export class VisibleServices {
  readonly #byHost = new Map<string, MeshService>()
  readonly #scope: SidecarScope
  readonly #imported = new Set<string>()

  /** `services` stand in the order of their age, Kubernetes' first. */
  constructor(services: readonly MeshService[], client: Workload, scope: SidecarScope) {
    this.#scope = scope
    for (const service of services) {
      if (!isExported(service.exportTo, service.namespace, client.namespace)) continue
      const earlier = this.#byHost.get(service.host)
      // The client's own namespace wins a host; else whoever came first.
      if (earlier === undefined || (earlier.namespace !== client.namespace && service.namespace === client.namespace)) {
        this.#byHost.set(service.host, service)
      }
    }
  }

  /** A destination of an imported VirtualService is visible even where the Sidecar does not name it. */
  import(host: string, port: number | undefined): void {
    if (port !== undefined) this.#imported.add(`${host}:${port}`)
    else for (const own of this.#byHost.get(host)?.ports ?? []) this.#imported.add(`${host}:${own.number}`)
  }

  find(host: string): MeshService | undefined {
    const service = this.#byHost.get(host)
    return service !== undefined && this.portsOf(service).length > 0 ? service : undefined
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

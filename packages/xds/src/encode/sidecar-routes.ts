// The sidecar dialect: a listener with a socket per request port, its routes under the port's number, and one for all other ports.
import type { MeshConfig, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import { VirtualHost as WireHost } from '../generated/envoy/config/route/v3/route_components.ts'
import type { EncodedConfig, EncodedResource } from './encoder.ts'
import { writeCatchAllListener, writeSocketListener } from './listener.ts'
import { HostBytes, writeRoutes } from './route-shelf.ts'
import { Shelf } from './shelf.ts'
import { writeStrangers } from './virtual-host.ts'

/** As istiod calls it. */
const CATCH_ALL = 'virtualOutbound'

export class SidecarRoutes {
  readonly #address: string
  readonly #listeners = new Shelf('listener')
  readonly #routes = new Shelf('route')
  readonly #hosts = new HostBytes()

  constructor(address: string) {
    this.#address = address
  }

  encode(config: MeshConfig): Pick<EncodedConfig, 'listener' | 'route'> {
    const { unknownHosts, pathNormalization } = config
    const said = [unknownHosts, pathNormalization]
    const address = this.#address
    const listener = new Map<string, EncodedResource>()
    const route = new Map<string, EncodedResource>()
    this.#listeners.begin()
    this.#routes.begin()
    const putListener = (name: string, write: () => Listener): void => {
      listener.set(
        name,
        this.#listeners.put(name, said, () => Listener.encode(write()).finish()),
      )
    }
    for (const port of portsOf(config.virtualHosts)) {
      const name = `${address}_${port}`
      putListener(name, () => writeSocketListener(name, address, port, config))
      route.set(String(port), this.#routesFor(String(port), port, config))
    }
    putListener(CATCH_ALL, () => writeCatchAllListener(CATCH_ALL, config))
    route.set(CATCH_ALL, this.#routesFor(CATCH_ALL, undefined, config))
    return { listener, route }
  }

  #routesFor(name: string, port: number | undefined, { virtualHosts, unknownHosts }: MeshConfig): EncodedResource {
    const here = virtualHosts.filter((host) => host.port === undefined || host.port === port)
    return this.#routes.put(name, [unknownHosts, ...here], () =>
      writeRoutes(name, here, this.#hostsOf(here, port, unknownHosts)),
    )
  }

  /** Envoy refuses a domain that two hosts claim; in a MeshConfig the first has it. */
  *#hostsOf(hosts: readonly VirtualHost[], port: number | undefined, unknown: UnknownHosts): Generator<Uint8Array> {
    const claimed = new Set<string>()
    for (const host of hosts) {
      const free = host.domains.every((domain) => !claimed.has(domain))
      const domains = free ? host.domains : host.domains.filter((domain) => !claimed.has(domain))
      for (const domain of domains) claimed.add(domain)
      if (domains.length > 0) yield this.#hosts.of(host, { domains, port, dialect: 'sidecar' })
    }
    if (!claimed.has('*')) yield WireHost.encode(writeStrangers(unknown)).finish()
  }
}

/** In order; a host for every port is called on port 80 if nothing else is said. */
function portsOf(hosts: readonly VirtualHost[]): number[] {
  const ports = new Set(hosts.map(({ port = 80 }) => port))
  return [...ports].toSorted((a, b) => a - b)
}

// The api dialect: an api_listener for every name that callers may use, and routes for each virtual host.
// Listeners are made when they are asked for: a service has many names, and hosts with wildcards or for every port have no end of them.
import { HostTable, type MeshConfig, type VirtualHost } from '@proxyless/core/spi'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import { splitDomain } from '../resolve/domains.ts'
import type { EncodedConfig, EncodedResource } from './encoder.ts'
import { writeApiListener } from './listener.ts'
import { HostBytes, writeRoutes } from './route-shelf.ts'
import { encodeResource, Shelf } from './shelf.ts'

export class ApiRoutes {
  readonly #listeners = new Shelf('listener')
  readonly #routes = new Shelf('route')
  readonly #hosts = new HostBytes()

  encode(config: MeshConfig): Pick<EncodedConfig, 'listener' | 'route'> {
    const { virtualHosts, unknownHosts, pathNormalization } = config
    const route = new Map<string, EncodedResource>()
    const names = new Map<VirtualHost, string>()
    this.#routes.begin()
    for (const host of virtualHosts) {
      const name = freeName(host.name, route)
      names.set(host, name)
      route.set(
        name,
        this.#routes.put(name, [host], () => writeRoutes(name, [host], [this.#hosts.of(host, anyName)])),
      )
    }
    const listener = new ApiListeners(config, names)
    this.#listeners.begin()
    for (const host of virtualHosts) {
      const name = listener.nameOf(host)
      if (name === undefined) continue
      listener.set(
        name,
        this.#listeners.put(name, [names.get(host), unknownHosts, pathNormalization], () => listener.write(name, host)),
      )
    }
    return { route, listener }
  }
}

/** Only listeners for its names lead to it: whatever name a call has is one of them. */
const anyName = { domains: ['*'], port: undefined, dialect: 'api' } as const

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name} ${n}`
  return free
}

/** Holds one name of each host; `get` finds them all. */
class ApiListeners extends Map<string, EncodedResource> {
  readonly #config: MeshConfig
  readonly #names: ReadonlyMap<VirtualHost, string>
  readonly #table: HostTable<VirtualHost>

  constructor(config: MeshConfig, names: ReadonlyMap<VirtualHost, string>) {
    super()
    this.#config = config
    this.#names = names
    this.#table = new HostTable(config.virtualHosts.map((value) => ({ ...value, value })))
  }

  override get(name: string): EncodedResource | undefined {
    const known = super.get(name)
    if (known !== undefined) return known
    const host = this.#find(name)
    return host && encodeResource('listener', name, this.write(name, host))
  }

  /** Undefined: none can be told, or all are another's. */
  nameOf(host: VirtualHost): string | undefined {
    const [domain = ''] = host.domains
    const name = host.port === undefined ? domain : `${domain}:${host.port}`
    return !domain.includes('*') && this.#find(name) === host ? name : undefined
  }

  write(name: string, host: VirtualHost): Uint8Array {
    return Listener.encode(writeApiListener(name, this.#names.get(host) ?? '', this.#config)).finish()
  }

  /** A name without port means a host for every port, else port 80. */
  #find(name: string): VirtualHost | undefined {
    const { host, port } = splitDomain(name.toLowerCase())
    const bare = host.replace(/\.$/, '')
    return port === undefined
      ? (this.#table.find(bare, everyPort) ?? this.#table.find(bare, 80))
      : this.#table.find(bare, port)
  }
}

/** No port at all: only hosts for every port have it. */
const everyPort = 0

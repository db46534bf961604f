// `proxyless serve` says what a scenario gives, as Istio documents.
import { serve, type Served } from '../../serve/served.ts'
import { called, calledPort, type Given, type Group, home } from './given.ts'
import type { Plane } from './plane.ts'

const metadata = (name: string): object => ({ name, namespace: 'default' })

export class ServePlane implements Plane {
  readonly name = 'proxyless serve'
  readonly #served: Served

  private constructor(served: Served) {
    this.#served = served
  }

  static async start(): Promise<ServePlane> {
    return new ServePlane(await serve({}))
  }

  get port(): number {
    return Number(this.#served.xds.split(':')[1])
  }

  /** One scenario has it for itself: what it says, it says to all. */
  async apply(_node: string, given: Given): Promise<void> {
    await this.#served.write('all.json', JSON.stringify(await documentsOf(given)))
  }

  async refusals(): Promise<readonly string[]> {
    return (await this.#served.nacks()).last.map((each) => JSON.stringify(each))
  }

  close(): Promise<void> {
    return this.#served.close()
  }
}

async function documentsOf({ services, istio = {} }: Given): Promise<object> {
  const entries = Object.entries(services).map(([name, groups]) => entryOf(name, groups))
  const rules = Object.entries(istio.rules ?? {}).map(([name, spec]) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: metadata(name),
    spec: { host: name, ...spec },
  }))
  const { http = [], virtualServices = http.length > 0 ? [called] : [] } = istio
  const routes = virtualServices.map((name) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: metadata(name),
    spec: { hosts: [called], http: [...http, { route: [{ destination: { host: called } }] }] },
  }))
  const items = [...(await Promise.all(entries)), ...rules, ...routes]
  return { apiVersion: 'v1', kind: 'List', items }
}

async function entryOf(name: string, groups: readonly Group[]): Promise<object> {
  const endpoints = await Promise.all(
    groups.flatMap(({ servers, locality = home, weight = 1 }) =>
      servers.map(async (server) => {
        const [address] = server.addresses
        return (await server.isServing()) ? [{ address, ports: { main: server.port }, locality, weight }] : []
      }),
    ),
  )
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: metadata(name),
    spec: {
      hosts: [`${name}.default.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: calledPort, name: 'main', protocol: 'GRPC' }],
      endpoints: endpoints.flat(),
    },
  }
}

// One scenario against one control plane: what it starts is stopped when it ends, the last first.
import type { Common } from './common.ts'
import { GoPlane } from './go-plane.ts'
import { type Given, home, target } from './given.ts'
import { InteropClient } from './interop-client.ts'
import type { Plane, PlaneName } from './plane.ts'
import { ServePlane } from './serve-plane.ts'
import { type ServerOptions, TestServer } from './test-server.ts'

let nodes = 0

/** Of the client's workload. */
export const labels = { TRAFFICDIRECTOR_NETWORK_NAME: 'default-vpc' }

export interface Play {
  readonly plane: Plane
  readonly apply: (given: Given) => Promise<void>
  readonly client: InteropClient
}

export type ClientFlags = Readonly<Record<string, string | number>>

export class Stage {
  readonly node: string = `psm-${++nodes}`
  readonly common: Common
  readonly planeName: PlaneName
  readonly #closing: (() => Promise<unknown>)[] = []

  constructor(common: Common, planeName: PlaneName) {
    this.common = common
    this.planeName = planeName
  }

  /** The usual beginning: a plane that says this, and a client of it. */
  async begin(given: Given, flags: ClientFlags): Promise<Play> {
    const plane = await this.plane()
    const apply = (now: Given): Promise<void> => plane.apply(this.node, now)
    await apply(given)
    return { plane, apply, client: await this.client([`127.0.0.1:${plane.port}`], flags) }
  }

  async plane(): Promise<Plane> {
    return this.planeName === 'go-control-plane' ? this.common.goPlane : this.ownPlane()
  }

  /** One that no other scenario has. */
  async ownPlane(): Promise<Plane> {
    if (this.planeName === 'go-control-plane') return this.ownGoPlane()
    const plane = await ServePlane.start()
    return this.closing(plane, () => plane.close())
  }

  async ownGoPlane(): Promise<GoPlane> {
    const plane = await GoPlane.start(this.common.programs.controlPlane)
    return this.closing(plane, () => plane.close())
  }

  async server(name: string, options: ServerOptions = {}): Promise<TestServer> {
    const server = await TestServer.start(this.common.programs.xserver, name, options)
    return this.closing(server, () => server.stop())
  }

  servers(...names: readonly string[]): Promise<TestServer[]> {
    return Promise.all(names.map((name) => this.server(name)))
  }

  /** @param servers of xDS, in order @param bootstrap more of it */
  async client(servers: readonly string[], flags: ClientFlags, bootstrap: object = {}): Promise<InteropClient> {
    const client = await InteropClient.start(
      this.common.programs.client,
      { ...bootstrapOf(this.node, servers), ...bootstrap },
      { server: target, ...flags },
    )
    return this.closing(client, () => client.stop())
  }

  closing<T>(made: T, close: () => Promise<unknown>): T {
    this.#closing.push(close)
    return made
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).toReversed()) await close()
  }
}

function bootstrapOf(node: string, servers: readonly string[]): object {
  const [region, zone] = home.split('/')
  return {
    xds_servers: servers.map((server_uri) => ({
      server_uri,
      channel_creds: [{ type: 'insecure' }],
      server_features: ['xds_v3'],
    })),
    node: { id: node, locality: { region, zone }, metadata: { NAMESPACE: 'default', LABELS: labels } },
  }
}
